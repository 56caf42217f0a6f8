/* SPDX-License-Identifier: Apache-2.0 */
#include "exchanged.h"

/* The API, and addresses where nobody is. */
struct several {
	struct exchanged exchanged;
	struct upstream *dead[2];
};

static void
several_init(struct several *several, const struct api_step *steps, size_t count)
{
	char url[sizeof(several->exchanged.api.url) + 16];
	struct err err;

	exchanged_init(&several->exchanged, steps, count);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(url, sizeof(url), "%s.%d", several->exchanged.api.url, i);
		if (!upstream_new(url, &(struct upstream_trust){ NULL }, &several->dead[i], &err))
			fail_msg("%s", err.text);
		group_add(several->exchanged.group, several->dead[i], NULL);
	}
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* Whatever the method is, and with its body: nothing was sent yet. */
static void
without_a_connection_the_next_address_is_tried(void **state)
{
	static const char *const heads[] = { "GET / HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n" };

	(void)state;
	for (int first = 0; first < 3; first++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, OK_ANSWER }, { API_HEAR, "\r\n\r\nhello" },
			{ API_SAY, OK_ANSWER } };
		struct several several;
		struct exchanged *exchanged = &several.exchanged;

		several_init(&several, STEPS_OF(steps));
		exchanged->group->turn = (unsigned)first;
		exchanged_request(exchanged, heads[0]);
		exchanged_run(exchanged);
		assert_int_equal(exchanged->result.status, 200);
		assert_ptr_equal(exchanged->result.upstream, exchanged->upstream);
		assert_null(exchanged->result.detail);
		exchanged_request(exchanged, heads[1]);
		exchanged->exchange.request.framing = BODY_LENGTH;
		exchanged->exchange.request.content_length = 5;
		exchanged_sends(exchanged, "hello");
		exchanged_run_whole(exchanged);
		assert_int_equal(exchanged->result.status, 200);
		assert_int_equal(upstream_busy(exchanged->upstream), 0);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(upstream_busy(several.dead[i]), 0);
			/* Who was tried once and refused is not tried again. */
			assert_true(upstream_count_sum(
					upstream_count(several.dead[i]), UPSTREAM_REQUESTS) <= 1);
		}
		exchanged_done(exchanged);
	}
}

static void
when_all_refuse_the_last_one_is_named(void **state)
{
	struct several several;
	struct exchanged *exchanged = &several.exchanged;

	(void)state;
	several_init(&several, NULL, 0);
	api_over(&exchanged->api);
	upstream_unref(exchanged->upstream); /* which is there */
	exchanged->group->members[0] = exchanged->group->members[2];
	exchanged->group->count = 2;
	exchanged_run(exchanged);
	assert_int_equal(exchanged->result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_non_null(strstr(exchanged->result.detail, upstream_url(exchanged->result.upstream)));
	assert_int_equal(exchanged->exchange.written.len, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    upstream_count_sum(upstream_count(several.dead[i]), UPSTREAM_REQUESTS), 1);
		assert_int_equal(upstream_count_sum(upstream_count(several.dead[i]),
				     UPSTREAM_FAILURES_FROM + UPSTREAM_CONNECT),
		    1);
		assert_true(health_is_out(upstream_health(several.dead[i])));
	}
	/* A guess is no reason to refuse: they are tried again. */
	exchanged_run(exchanged);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    upstream_count_sum(upstream_count(several.dead[i]), UPSTREAM_REQUESTS), 2);
	exchanged_done(exchanged);
}

/* A byte of it may have been acted on: no other address gets it. */
static void
what_was_sent_is_not_sent_to_another(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_CLOSE, NULL } };
	struct several several;
	struct exchanged *exchanged = &several.exchanged;

	(void)state;
	several_init(&several, STEPS_OF(steps));
	exchanged_run_whole(exchanged);
	assert_int_equal(exchanged->result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_ptr_equal(exchanged->result.upstream, exchanged->upstream);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    upstream_count_sum(upstream_count(several.dead[i]), UPSTREAM_REQUESTS), 0);
	exchanged_done(exchanged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_connection_the_next_address_is_tried),
		cmocka_unit_test(when_all_refuse_the_last_one_is_named),
		cmocka_unit_test(what_was_sent_is_not_sent_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

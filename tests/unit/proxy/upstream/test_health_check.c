/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "base/clock.h"
#include "proxy/upstream/health_check.h"

#define EVERY_MS 20
#define STEPS_OF(steps) (steps), sizeof(steps) / sizeof((steps)[0])

/* An API that is checked. */
struct checked {
	struct api api;
	struct upstream *upstream;
	struct health_check *check;
};

static struct health_check *
check_of(struct upstream *upstream, const char *path, int64_t every_ms)
{
	struct health_check_setup setup = {
		.upstream = upstream, .path = path, .every_ms = every_ms
	};
	struct health_check *check = health_check_new(&setup);

	assert_non_null(check);
	return check;
}

static void
checked_init(struct checked *checked, const struct api_step *steps, size_t count)
{
	struct err err;

	memset(checked, 0, sizeof(*checked));
	api_start(&checked->api, steps, count);
	if (!upstream_new(
		checked->api.url, &(struct upstream_trust){ NULL }, &checked->upstream, &err))
		fail_msg("%s", err.text);
	checked->check = check_of(checked->upstream, "/health?deep=1", EVERY_MS);
}

static void
checked_done(struct checked *checked)
{
	api_over(&checked->api);
	health_check_free(checked->check);
	upstream_unref(checked->upstream);
	api_end(&checked->api);
}

/* Wait for what the thread finds. */
static void
finds(const struct health_check *check, bool failed)
{
	int64_t until_us = clock_mono_us() + API_PATIENCE_S * INT64_C(1000000);

	while (health_check_failed(check) != failed && clock_mono_us() < until_us)
		(void)usleep(1000);
	assert_int_equal(health_check_failed(check), failed);
}

/* Wait until it has connected so often. */
static void
connects(const struct checked *checked, uint64_t opened)
{
	int64_t until_us = clock_mono_us() + API_PATIENCE_S * INT64_C(1000000);

	while (upstream_count_sum(upstream_count(checked->upstream), UPSTREAM_OPENED) < opened &&
	       clock_mono_us() < until_us)
		(void)usleep(1000);
	assert_true(
	    upstream_count_sum(upstream_count(checked->upstream), UPSTREAM_OPENED) >= opened);
}

#define ASKED                                                                                      \
	"GET /health?deep=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: postern-health-check\r\n"   \
	"Connection: close\r\n\r\n"
#define ONE_ANSWER(text)                                                                           \
	{ API_ACCEPT, NULL }, { API_HEAR, ASKED }, { API_SAY, text },                              \
	{                                                                                          \
		API_CLOSE, NULL                                                                    \
	}

static void
two_failures_in_a_row_take_it_out_and_one_answer_brings_it_back(void **state)
{
	static const char *const bad[] = { "HTTP/1.1 503 No\r\n\r\n", "HTTP/1.1 199\r\n",
		"HTTP/1.1 400 No\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "garbage\r\n\r\n",
		"HTTP/1.1 103 Early\r\n\r\n" };
	static const char *const good[] = { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 302 Found\r\n\r\n", "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 N\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct api_step steps[] = { ONE_ANSWER(bad[i]), ONE_ANSWER(bad[i]),
			{ API_ACCEPT, NULL }, { API_HEAR, ASKED }, { API_AWAIT, NULL },
			{ API_SAY, good[i % 3] }, { API_CLOSE, NULL } };
		struct checked checked;

		checked_init(&checked, STEPS_OF(steps));
		assert_false(health_check_failed(checked.check));
		health_check_start(checked.check);
		finds(checked.check, true);
		health_unreachable(upstream_health(checked.upstream), 1);
		assert_int_equal(write(checked.api.news[1], "x", 1), 1);
		finds(checked.check, false);
		/* What requests have met before is forgotten. */
		assert_false(health_is_out(upstream_health(checked.upstream)));
		checked_done(&checked);
	}
}

static void
one_failure_is_none(void **state)
{
	const struct api_step steps[] = { ONE_ANSWER("HTTP/1.1 500 No\r\n\r\n"),
		ONE_ANSWER("HTTP/1.1 200 OK\r\n\r\n"), ONE_ANSWER("HTTP/1.1 500 No\r\n\r\n"),
		ONE_ANSWER("HTTP/1.1 200 OK\r\n\r\n") };
	struct checked checked;

	(void)state;
	checked_init(&checked, STEPS_OF(steps));
	health_check_start(checked.check);
	health_check_start(checked.check); /* once is enough */
	connects(&checked, 4);
	assert_false(health_check_failed(checked.check));
	checked_done(&checked);
}

/* The API has the question and says nothing: nobody waits for it. */
static void
a_check_that_hangs_is_halted_at_once(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, ASKED },
		{ API_HEAR, NULL } };
	struct checked checked;

	(void)state;
	checked_init(&checked, STEPS_OF(steps));
	health_check_free(checked.check);
	checked.check = check_of(checked.upstream, "/health?deep=1", 3600000);
	health_check_start(checked.check);
	connects(&checked, 1);
	health_check_halt(checked.check);
	health_check_halt(checked.check);
	assert_false(health_check_failed(checked.check));
	checked_done(&checked);
}

static void
what_the_same_check_found_is_taken_over(void **state)
{
	const struct api_step steps[] = { ONE_ANSWER("HTTP/1.1 503 No\r\n\r\n"),
		ONE_ANSWER("HTTP/1.1 503 No\r\n\r\n") };
	struct health_check *same, *other;
	struct checked checked;

	(void)state;
	checked_init(&checked, STEPS_OF(steps));
	health_check_start(checked.check);
	finds(checked.check, true);
	health_check_halt(checked.check);
	same = check_of(checked.upstream, "/health?deep=1", 3600000);
	other = check_of(checked.upstream, "/other", EVERY_MS);
	health_check_take_over(same, checked.check);
	health_check_take_over(other, checked.check);
	health_check_take_over(other, NULL);
	assert_true(health_check_failed(same));
	assert_false(health_check_failed(other));
	health_check_free(same);
	health_check_free(other);
	checked_done(&checked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_failures_in_a_row_take_it_out_and_one_answer_brings_it_back),
		cmocka_unit_test(one_failure_is_none),
		cmocka_unit_test(a_check_that_hangs_is_halted_at_once),
		cmocka_unit_test(what_the_same_check_found_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "opened.h"
#include "token/token.h"

#define INACTIVE "{\"active\":false}"

static char token[1000];

/* A token, and the right to ask about it. */
static void
ready(const char *role)
{
	struct store_grant grant = { STORE_CLIENT, running.made.id, "prober", true, NULL };
	struct endpoint_answer answer;
	json_t *body = NULL;
	bool changed;
	struct err err;

	assert_true(store_set_role(running.store, &grant, &changed, &err));
	issuer_stop(running.issuer);
	running.local.introspection_role = role;
	running_start(&running);
	post("{id}:{secret}", GRANT, &answer);
	assert_true(json_read(buffer_span(&answer.body), 1 << 16, &body, &err));
	assert_true(snprintf(token, sizeof(token), "%s", opened_text(body, "access_token")) <
		    (int)sizeof(token));
	json_decref(body);
	endpoint_answer_done(&answer);
}

static void
introspect(const char *text, struct endpoint_answer *answer)
{
	char form[1100];

	(void)snprintf(form, sizeof(form), "token=%s", text);
	post_to("/oauth/introspect", "{id}:{secret}", form, answer);
}

/* The claims as whoever judged it would hand them back. */
static json_t *
claims_of(const char *text)
{
	struct token read = { 0 };
	struct arena arena;
	json_t *claims;

	arena_init(&arena, 1u << 16);
	assert_int_equal(token_read(span_of(text), &arena, &read), REASON_OK);
	claims = json_incref(read.claims);
	token_done(&read);
	arena_done(&arena);
	return claims;
}

static void
a_good_token_is_reported_of(void **state)
{
	struct endpoint_answer answer;
	json_t *body = NULL, *claims;
	struct err err;

	(void)state;
	ready("prober");
	introspect(token, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(span_is(buffer_span(&answer.introspected), token));
	assert_int_equal(answer.body.len, 0); /* nothing is said before it was judged */
	claims = claims_of(token);
	introspect_endpoint_complete(claims, &answer);
	json_decref(claims);
	assert_true(json_read(buffer_span(&answer.body), 1 << 16, &body, &err));
	assert_true(json_is_true(json_object_get(body, "active")));
	assert_string_equal(opened_text(body, "client_id"), running.made.id);
	assert_string_equal(opened_text(body, "sub"), running.made.id);
	assert_string_equal(opened_text(body, "scope"), "a b");
	assert_string_equal(opened_text(body, "aud"), "api://local");
	assert_string_equal(opened_text(body, "iss"), "http://127.0.0.1:8080");
	assert_string_equal(opened_text(body, "token_type"), "Bearer");
	assert_int_equal(opened_number(body, "iat"), NOW_S);
	assert_int_equal(opened_number(body, "exp"), NOW_S + 3600);
	assert_non_null(opened_text(body, "jti"));
	json_decref(body);
	endpoint_answer_done(&answer);
}

static void
only_the_role_may_ask(void **state)
{
	static const char *const roles[] = { "other", NULL };
	struct endpoint_answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ready(roles[i]);
		introspect(token, &answer);
		assert_int_equal(answer.status, 403);
		assert_string_equal(answer.error, "unauthorized_client");
		assert_null(strstr(answer.body.at, "active"));
		assert_int_equal(answer.introspected.len, 0);
		endpoint_answer_done(&answer);
	}
}

static void
what_does_not_count_is_not_active_and_no_more_is_reported(void **state)
{
	struct endpoint_answer answer;

	(void)state;
	ready("prober");
	introspect("x", &answer);
	assert_int_equal(answer.status, 200);
	introspect_endpoint_complete(NULL, &answer);
	assert_string_equal(answer.body.at, INACTIVE);
	endpoint_answer_done(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_token_is_reported_of),
		TEST(only_the_role_may_ask),
		TEST(what_does_not_count_is_not_active_and_no_more_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

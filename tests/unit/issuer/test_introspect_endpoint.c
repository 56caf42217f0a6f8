/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "opened.h"

#define INACTIVE "{\"active\":false}"

static char token[1000];

/* A token, and the right to ask about it. */
static void
ready(const char *role)
{
	struct store_grant grant = { running.made.id, "prober", true, NULL };
	struct issuer_answer answer;
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
	issuer_answer_done(&answer);
}

static void
introspect(const char *text, struct issuer_answer *answer)
{
	char form[1100];

	(void)snprintf(form, sizeof(form), "token=%s", text);
	post_to("/oauth/introspect", "{id}:{secret}", form, answer);
}

static void
want_inactive(const char *text)
{
	struct issuer_answer answer;

	introspect(text, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body.at, INACTIVE);
	issuer_answer_done(&answer);
}

static void
a_good_token_is_told_of(void **state)
{
	struct issuer_answer answer;
	json_t *body = NULL;
	struct err err;

	(void)state;
	ready("prober");
	introspect(token, &answer);
	assert_int_equal(answer.status, 200);
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
	issuer_answer_done(&answer);
}

static void
only_the_role_may_ask(void **state)
{
	static const char *const roles[] = { "other", NULL };
	struct issuer_answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ready(roles[i]);
		introspect(token, &answer);
		assert_int_equal(answer.status, 403);
		assert_string_equal(answer.error, "unauthorized_client");
		assert_null(strstr(answer.body.at, "active"));
		issuer_answer_done(&answer);
	}
}

static void
what_the_gate_would_refuse_is_not_active(void **state)
{
	size_t i, len;

	(void)state;
	ready("prober");
	want_inactive("x");
	want_inactive("a.b.c");
	len = strlen(token);
	for (i = 0; i < len; i += 11) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		want_inactive(token);
		token[i] = was;
	}
}

static void
a_revoked_token_is_not_active(void **state)
{
	struct revocation revocation = { .kind = REVOKE_CLIENT,
		.issuer = "http://127.0.0.1:8080",
		.before_s = NOW_S,
		.by = "test" };
	struct err err;

	(void)state;
	ready("prober");
	revocation.value = running.made.id;
	assert_true(issuer_revoke(running.issuer, &revocation, &err));
	want_inactive(token);
}

static void
where_local_tokens_never_count_none_is_active(void **state)
{
	(void)state;
	running.local.accept = LOCAL_NEVER;
	ready("prober");
	want_inactive(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_token_is_told_of),
		TEST(only_the_role_may_ask),
		TEST(what_the_gate_would_refuse_is_not_active),
		TEST(a_revoked_token_is_not_active),
		TEST(where_local_tokens_never_count_none_is_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

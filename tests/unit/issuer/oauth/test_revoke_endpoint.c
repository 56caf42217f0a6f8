/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "opened.h"

/* A new token of the client "partner". */
static void
new_token(char token[1000])
{
	struct endpoint_answer answer;
	json_t *body = NULL;
	struct err err;

	post("{id}:{secret}", GRANT, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(json_read(buffer_span(&answer.body), 1 << 16, &body, &err));
	assert_true(snprintf(token, 1000, "%s", opened_text(body, "access_token")) < 1000);
	json_decref(body);
	endpoint_answer_done(&answer);
}

static int
revoke_as(const char *basic, const char *token)
{
	struct endpoint_answer answer;
	char form[1100];
	int status;

	(void)snprintf(form, sizeof(form), "token=%s", token);
	post_to("/oauth/revoke", basic, form, &answer);
	status = answer.status;
	if (status == 200)
		assert_int_equal(answer.body.len, 0);
	endpoint_answer_done(&answer);
	return status;
}

static bool
counts(const char *token)
{
	struct opened opened;
	struct issuer_parts parts;
	struct revoked_question question = { .issuer = SPAN("http://127.0.0.1:8080") };
	bool revoked;

	opened_init(&opened, span_of(token));
	question.jti = span_of(opened_text(opened.claims, "jti"));
	question.client = span_of(opened_text(opened.claims, "client_id"));
	question.subject = span_of(opened_text(opened.claims, "sub"));
	question.issued_s = opened_number(opened.claims, "iat");
	question.has_issued = true;
	parts = running_parts(&running);
	revoked = revoked_has(parts.revoked, &question);
	issuer_parts_drop(&parts);
	opened_done(&opened);
	return !revoked;
}

static void
a_client_ends_its_own_token(void **state)
{
	char one[1000], two[1000];
	uint64_t before;

	(void)state;
	new_token(one);
	new_token(two);
	assert_true(counts(one));
	before = issuer_generation(running.issuer);
	assert_int_equal(revoke_as("{id}:{secret}", one), 200);
	assert_false(counts(one));
	assert_true(counts(two));
	/* Verdicts that were kept end with it. */
	assert_true(issuer_generation(running.issuer) > before);
	assert_int_equal(revoke_as("{id}:{secret}", one), 200);
}

static void
what_is_revoked_stays_so_after_a_restart(void **state)
{
	char token[1000];

	(void)state;
	new_token(token);
	assert_int_equal(revoke_as("{id}:{secret}", token), 200);
	issuer_stop(running.issuer);
	running_start(&running);
	assert_false(counts(token));
}

static void
another_client_cannot_end_it_and_is_reported_nothing(void **state)
{
	char token[1000], hash[CLIENT_HASH_ROOM];
	struct client other = { .id = "other", .name = "other" };
	struct err err;

	(void)state;
	assert_true(client_hash(SPAN("secret"), hash));
	memcpy(other.slots[0].hash, hash, sizeof(hash));
	assert_true(store_add(running.store, &other, &err));
	new_token(token);
	assert_int_equal(revoke_as("other:secret", token), 200);
	assert_int_equal(revoke_as("other:secret", "x"), 200);
	assert_true(counts(token));
}

static void
nobody_cannot_end_it(void **state)
{
	char token[1000];

	(void)state;
	new_token(token);
	assert_int_equal(revoke_as(NULL, token), 401);
	assert_int_equal(revoke_as("{id}:wrong", token), 401);
	assert_int_equal(revoke_as("nobody:wrong", token), 401);
	assert_true(counts(token));
}

static void
a_changed_token_ends_nothing(void **state)
{
	char token[1000];
	size_t i, len;

	(void)state;
	new_token(token);
	len = strlen(token);
	for (i = 0; i < len; i += 7) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(revoke_as("{id}:{secret}", token), 200);
		token[i] = was;
	}
	assert_true(counts(token));
}

static void
revoked_by_client_subject_or_all(void **state)
{
	static const int kinds[] = { REVOKE_CLIENT, REVOKE_SUBJECT, REVOKE_ALL };
	struct revocation revocation = { .issuer = "http://127.0.0.1:8080", .by = "test" };
	struct err err;
	char token[1000];
	bool new;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		issuer_stop(running.issuer);
		store_close(running.store);
		scratch_done(&running.scratch);
		running_init(&running, "http://127.0.0.1:8080");
		new_token(token);
		revocation.kind = kinds[i];
		revocation.value = kinds[i] == REVOKE_ALL ? "" : running.made.id;
		revocation.before_s = NOW_S - 1;
		assert_true(issuer_revoke(running.issuer, &revocation, &new, &err));
		assert_true(counts(token));
		revocation.before_s = NOW_S;
		assert_true(issuer_revoke(running.issuer, &revocation, &new, &err));
		assert_false(counts(token));
		/* An earlier time that comes later takes nothing back. */
		revocation.before_s = NOW_S - 1;
		assert_true(issuer_revoke(running.issuer, &revocation, &new, &err));
		assert_false(new);
		assert_false(counts(token));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_ends_its_own_token),
		TEST(what_is_revoked_stays_so_after_a_restart),
		TEST(another_client_cannot_end_it_and_is_reported_nothing),
		TEST(nobody_cannot_end_it),
		TEST(a_changed_token_ends_nothing),
		TEST(revoked_by_client_subject_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

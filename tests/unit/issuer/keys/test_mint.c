/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/keys/mint.h"
#include "jwks/keyset.h"
#include "opened.h"

static struct scratch scratch;
static struct signing *signing;
static struct err err;

static const struct mint usual = { .issuer = "http://127.0.0.1:8080",
	.audience = "api://local",
	.subject = "c1",
	.client_id = "c1",
	.scope = "a b",
	.now_s = 1760000000,
	.lifetime_s = 600 };

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	struct signing_setup from = { .state_dir = scratch.dir };

	return signing_open(&from, &signing, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	signing_close(signing);
	scratch_done(&scratch);
	return 0;
}

static void
mint(const struct mint *mint, struct buffer *token)
{
	buffer_init(token, 1 << 16);
	if (!mint_token(signing, mint, token, &err))
		fail_msg("%s", err.text);
}

static void
token_is_as_rfc_9068_wants_it(void **state)
{
	struct signing_set *set = signing_now(signing);
	struct opened opened;
	struct buffer token;

	(void)state;
	mint(&usual, &token);
	opened_init(&opened, buffer_span(&token));
	assert_int_equal(json_object_size(opened.header), 3);
	assert_string_equal(opened_text(opened.header, "typ"), "at+jwt");
	assert_string_equal(opened_text(opened.header, "alg"), "ES256");
	assert_string_equal(
	    opened_text(opened.header, "kid"), signing_key_kid(set->keys[set->current]));
	signing_set_free(set);
	assert_int_equal(json_object_size(opened.claims), 8);
	assert_string_equal(opened_text(opened.claims, "iss"), "http://127.0.0.1:8080");
	assert_string_equal(opened_text(opened.claims, "sub"), "c1");
	assert_string_equal(opened_text(opened.claims, "client_id"), "c1");
	assert_string_equal(opened_text(opened.claims, "aud"), "api://local");
	assert_string_equal(opened_text(opened.claims, "scope"), "a b");
	assert_int_equal(opened_number(opened.claims, "iat"), 1760000000);
	assert_int_equal(opened_number(opened.claims, "exp"), 1760000600);
	assert_true(strlen(opened_text(opened.claims, "jti")) >= 22);
	opened_done(&opened);
	buffer_done(&token);
}

static void
scope_may_be_absent(void **state)
{
	struct mint without = usual;
	struct opened opened;
	struct buffer token;

	(void)state;
	without.scope = NULL;
	mint(&without, &token);
	opened_init(&opened, buffer_span(&token));
	assert_null(json_object_get(opened.claims, "scope"));
	opened_done(&opened);
	buffer_done(&token);
}

static void
claims_of_the_clients_own_are_texts(void **state)
{
	const char *own[] = { "tenant=a\"=b\\", "https://x.example/z=h\xc3\xa9" };
	const char *forged[] = { "tenant=a", "sub=admin" };
	struct texts claims = { own, 2, NULL };
	struct mint with = usual;
	struct opened opened;
	struct buffer token;

	(void)state;
	with.claims = &claims;
	mint(&with, &token);
	opened_init(&opened, buffer_span(&token));
	assert_string_equal(opened_text(opened.claims, "tenant"), "a\"=b\\");
	assert_string_equal(opened_text(opened.claims, "https://x.example/z"), "h\xc3\xa9");
	opened_done(&opened);
	buffer_done(&token);
	/* as only somebody who writes into the database can have made them */
	claims.at = forged;
	mint(&with, &token);
	opened_init(&opened, buffer_span(&token));
	assert_string_equal(opened_text(opened.claims, "sub"), "c1");
	assert_null(json_object_get(opened.claims, "tenant"));
	opened_done(&opened);
	buffer_done(&token);
}

static void
odd_texts_stay_texts(void **state)
{
	struct mint odd = usual;
	struct opened opened;
	struct buffer token;

	(void)state;
	odd.subject = odd.client_id = "a\"b\\c,\"admin\":true \xc3\xa9";
	mint(&odd, &token);
	opened_init(&opened, buffer_span(&token));
	assert_string_equal(opened_text(opened.claims, "sub"), odd.client_id);
	assert_int_equal(json_object_size(opened.claims), 8);
	opened_done(&opened);
	buffer_done(&token);
}

static void
a_users_token_names_no_client(void **state)
{
	struct mint users = usual;
	struct opened opened;
	struct buffer token;

	(void)state;
	users.subject = "ann";
	users.client_id = NULL;
	mint(&users, &token);
	opened_init(&opened, buffer_span(&token));
	assert_string_equal(opened_text(opened.claims, "sub"), "ann");
	assert_null(json_object_get(opened.claims, "client_id"));
	opened_done(&opened);
	buffer_done(&token);
}

static void
no_two_have_one_jti(void **state)
{
	struct opened a, b;
	struct buffer s, t;

	(void)state;
	mint(&usual, &s);
	mint(&usual, &t);
	opened_init(&a, buffer_span(&s));
	opened_init(&b, buffer_span(&t));
	assert_string_not_equal(opened_text(a.claims, "jti"), opened_text(b.claims, "jti"));
	opened_done(&a);
	opened_done(&b);
	buffer_done(&s);
	buffer_done(&t);
}

static void
signature_verifies(void **state)
{
	unsigned char signature[BASE64URL_DECODED(128)];
	struct signing_set *own = signing_now(signing);
	const struct key *key = NULL;
	struct keyset *set = NULL;
	struct opened opened;
	struct buffer token, json;
	size_t len;

	(void)state;
	mint(&usual, &token);
	buffer_init(&json, 1 << 16);
	signing_jwks(own, &json);
	signing_set_free(own);
	assert_true(keyset_parse(buffer_span(&json), &set, &err));
	opened_init(&opened, buffer_span(&token));
	assert_int_equal(
	    keyset_find(set, span_of(opened_text(opened.header, "kid")), ALGORITHM_ES256, &key),
	    REASON_OK);
	assert_true(opened.signature.len < 128);
	assert_true(base64url_decode(opened.signature, signature, &len));
	assert_int_equal(len, 64);
	assert_true(key_verify(
	    key, ALGORITHM_ES256, opened.input, (struct span){ (const char *)signature, len }));
	signature[5] ^= 1;
	assert_false(key_verify(
	    key, ALGORITHM_ES256, opened.input, (struct span){ (const char *)signature, len }));
	opened_done(&opened);
	keyset_free(set);
	buffer_done(&json);
	buffer_done(&token);
}

static void
what_cannot_be_said_is_an_error(void **state)
{
	struct mint wrong = usual;
	struct buffer token;

	(void)state;
	buffer_init(&token, 1 << 16);
	wrong.now_s = -1;
	assert_false(mint_token(signing, &wrong, &token, &err));
	buffer_done(&token);
	buffer_init(&token, 64);
	assert_false(mint_token(signing, &usual, &token, &err));
	buffer_done(&token);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(token_is_as_rfc_9068_wants_it),
		TEST(scope_may_be_absent),
		TEST(claims_of_the_clients_own_are_texts),
		TEST(odd_texts_stay_texts),
		TEST(a_users_token_names_no_client),
		TEST(no_two_have_one_jti),
		TEST(signature_verifies),
		TEST(what_cannot_be_said_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

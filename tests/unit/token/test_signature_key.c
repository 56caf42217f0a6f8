/* SPDX-License-Identifier: Apache-2.0 */
/* Which key and which algorithm prove a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "honest.h"

/* A true signature by `signer`, under the name of every other algorithm. */
static void
the_name_of_another_algorithm_is_refused(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int by = 0; by < ALGORITHM_COUNT; by++)
		for (int as = 0; as < ALGORITHM_COUNT; as++) {
			bool both_rsa = by < ALGORITHM_ES256 && as < ALGORITHM_ES256;
			char header[128];
			char *text;

			if (as == by)
				continue;
			(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
			    algorithm_name((enum algorithm)as), honest_kid((enum algorithm)by));
			text = signer_token(signer_key((enum algorithm)by, 0), (enum algorithm)by,
			    span_of(header), SPAN("{\"iss\":\"i\"}"));
			honest_expect(header, set, span_of(text),
			    both_rsa ? REASON_SIGNATURE_INVALID : REASON_ALGORITHM_NOT_ALLOWED);
			free(text);
		}
	keyset_free(set);
}

static void
a_keys_own_alg_binds_it(void **state)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_RS256, 0), "RSA", "RS256");
	struct keyset *set = honest_set(signer_set(&jwk, 1));

	(void)state;
	for (int a = ALGORITHM_RS256; a <= ALGORITHM_PS512; a++) {
		struct honest honest;

		honest_make(&honest, (enum algorithm)a, 1);
		honest_expect_signature(algorithm_name((enum algorithm)a), set, &honest,
		    signature_span(&honest.signature),
		    a == ALGORITHM_RS256 ? REASON_OK : REASON_ALGORITHM_NOT_ALLOWED);
		free(honest.input);
	}
	keyset_free(set);
}

static void
only_listed_algorithms_are_tried(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		struct honest honest;
		char *text;

		honest_make(&honest, (enum algorithm)a, 1);
		text = signer_join(honest.input, signature_span(&honest.signature));
		assert_int_equal(honest_prove(set, ALGORITHM_BIT(a), span_of(text)), REASON_OK);
		assert_int_equal(
		    honest_prove(set, ALGORITHM_ALL & ~ALGORITHM_BIT(a), span_of(text)),
		    REASON_ALGORITHM_NOT_ALLOWED);
		assert_int_equal(honest_prove(set, 0, span_of(text)), REASON_ALGORITHM_NOT_ALLOWED);
		assert_int_equal(
		    honest_prove(NULL, ALGORITHM_BIT(a), span_of(text)), REASON_KEYS_UNAVAILABLE);
		free(text);
		free(honest.input);
	}
	keyset_free(set);
}

static struct span
pem_of(EVP_PKEY *pkey, BIO *bio)
{
	char *at = NULL;
	long len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	len = BIO_get_mem_data(bio, &at);
	return (struct span){ at, (size_t)len };
}

static void
expect_hmac_refused(const struct keyset *set, const char *alg, struct span secret)
{
	char header[64];
	char *input, *text;
	struct signature mac;
	unsigned int len = 0;

	(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"RSA\"}", alg);
	input = signer_input(span_of(header), SPAN("{\"iss\":\"i\"}"));
	assert_non_null(HMAC(EVP_sha256(), secret.len == 0 ? "" : secret.at, (int)secret.len,
	    (const unsigned char *)input, strlen(input), mac.at, &len));
	mac.len = len;
	text = signer_join(input, signature_span(&mac));
	honest_expect(alg, set, span_of(text), REASON_ALGORITHM_NOT_ALLOWED);
	free(text);
	free(input);
}

static void
a_public_key_is_no_hmac_secret(void **state)
{
	static const char *const algs[] = { "HS256", "HS384", "HS512", "hs256" };
	EVP_PKEY *pkey = signer_key(ALGORITHM_RS256, 0);
	struct keyset *set = honest_keys(0);
	json_t *jwk = signer_jwk(pkey, "RSA", NULL);
	char *jwk_text = json_dumps(jwk, 0);
	BIO *bio = BIO_new(BIO_s_mem());
	struct span pem = pem_of(pkey, bio);
	unsigned char *der = NULL;
	int der_len = i2d_PUBKEY(pkey, &der);
	const struct span secrets[] = { pem, span_slice(pem, 0, pem.len - 1),
		{ (char *)der, (size_t)der_len }, span_of(jwk_text),
		span_of(json_string_value(json_object_get(jwk, "n"))), SPAN(""), SPAN("\0") };

	(void)state;
	for (size_t a = 0; a < CASES_OF(algs); a++)
		for (size_t s = 0; s < CASES_OF(secrets); s++)
			expect_hmac_refused(set, algs[a], secrets[s]);
	OPENSSL_free(der);
	BIO_free(bio);
	free(jwk_text);
	json_decref(jwk);
	keyset_free(set);
}

static void
an_embedded_key_is_not_used(void **state)
{
	struct keyset *set = honest_keys(0);
	EVP_PKEY *mine = signer_key(ALGORITHM_ES256, 1);
	json_t *header = json_pack("{s:s,s:s,s:o,s:s,s:s}", "alg", "ES256", "kid", "ES256", "jwk",
	    signer_jwk(mine, "ES256", "ES256"), "jku", "http://127.0.0.1:1/jwks", "x5u",
	    "http://127.0.0.1:1/x5u");
	char *with_kid, *without_kid, *text;

	(void)state;
	with_kid = json_dumps(header, JSON_COMPACT);
	json_object_del(header, "kid");
	without_kid = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	text = signer_token(mine, ALGORITHM_ES256, span_of(with_kid), SPAN("{\"iss\":\"i\"}"));
	honest_expect("with our kid", set, span_of(text), REASON_SIGNATURE_INVALID);
	free(text);
	text = signer_token(mine, ALGORITHM_ES256, span_of(without_kid), SPAN("{\"iss\":\"i\"}"));
	honest_expect("without a kid", set, span_of(text), REASON_SIGNATURE_INVALID);
	free(text);
	free(with_kid);
	free(without_kid);
	keyset_free(set);
}

static void
a_kid_chooses_and_its_absence_must_not(void **state)
{
	json_t *jwks[] = { signer_jwk(signer_key(ALGORITHM_ES256, 0), "a", NULL),
		signer_jwk(signer_key(ALGORITHM_ES256, 1), "b", NULL),
		signer_jwk(signer_key(ALGORITHM_ES384, 0), "c", NULL) };
	struct keyset *set = honest_set(signer_set(jwks, 3));
	static const struct {
		const char *name;
		struct span header;
		enum algorithm by;
		enum reason want;
	} cases[] = {
		{ "its own", SPAN("{\"alg\":\"ES256\",\"kid\":\"a\"}"), ALGORITHM_ES256,
		    REASON_OK },
		{ "another's", SPAN("{\"alg\":\"ES256\",\"kid\":\"b\"}"), ALGORITHM_ES256,
		    REASON_SIGNATURE_INVALID },
		{ "nobody's", SPAN("{\"alg\":\"ES256\",\"kid\":\"z\"}"), ALGORITHM_ES256,
		    REASON_KEY_UNKNOWN },
		{ "a longer one", SPAN("{\"alg\":\"ES256\",\"kid\":\"aa\"}"), ALGORITHM_ES256,
		    REASON_KEY_UNKNOWN },
		{ "in upper case", SPAN("{\"alg\":\"ES256\",\"kid\":\"A\"}"), ALGORITHM_ES256,
		    REASON_KEY_UNKNOWN },
		{ "none, two fit", SPAN("{\"alg\":\"ES256\"}"), ALGORITHM_ES256,
		    REASON_KEY_UNKNOWN },
		{ "none, one fits", SPAN("{\"alg\":\"ES384\"}"), ALGORITHM_ES384, REASON_OK },
		{ "none, none fits", SPAN("{\"alg\":\"EdDSA\"}"), ALGORITHM_EdDSA,
		    REASON_KEY_UNKNOWN },
		{ "another curve", SPAN("{\"alg\":\"ES384\",\"kid\":\"a\"}"), ALGORITHM_ES384,
		    REASON_ALGORITHM_NOT_ALLOWED },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char *text = signer_token(signer_key(cases[i].by, 0), cases[i].by, cases[i].header,
		    SPAN("{\"iss\":\"i\"}"));

		honest_expect(cases[i].name, set, span_of(text), cases[i].want);
		free(text);
	}
	keyset_free(set);
}

static void
any_payload_can_be_proved_as_signed(void **state)
{
	static const struct span payloads[] = { SPAN(""), SPAN("hello"), SPAN("\0\xff"),
		SPAN("[1]"), SPAN("{}") };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (size_t i = 0; i < CASES_OF(payloads); i++) {
		char *text = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256,
		    SPAN("{\"alg\":\"ES256\",\"kid\":\"ES256\"}"), payloads[i]);
		struct arena arena;
		struct token token;

		arena_init(&arena, 1 << 20);
		assert_int_equal(token_read_signed(span_of(text), &arena, &token), REASON_OK);
		assert_true(span_equal(token.payload, payloads[i]));
		assert_int_equal(verify_signature(ALGORITHM_ALL, set, &token), REASON_OK);
		token_done(&token);
		arena_done(&arena);
		free(text);
	}
	keyset_free(set);
}

/* An issuer that writes two keys under one kid, or one key twice, has told nobody a lie. */
static void
each_key_of_a_kid_is_tried(void **state)
{
	json_t *jwks[4];
	struct keyset *set;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		jwks[i] = signer_jwk(signer_key(ALGORITHM_ES256, i), "a", NULL);
	jwks[3] = signer_jwk(signer_key(ALGORITHM_ES256, 1), "a", NULL);
	set = honest_set(signer_set(jwks, 4));
	assert_int_equal(keyset_count(set), 3);
	for (size_t i = 0; i < 4; i++) {
		char *text = signer_token(signer_key(ALGORITHM_ES256, i), ALGORITHM_ES256,
		    SPAN("{\"alg\":\"ES256\",\"kid\":\"a\"}"), SPAN("{\"iss\":\"i\"}"));

		honest_expect("one of three", set, span_of(text),
		    i < 3 ? REASON_OK : REASON_SIGNATURE_INVALID);
		free(text);
	}
	keyset_free(set);
}

/* RFC 9864: a token and a key may name EdDSA by its curve. */
static void
ed25519_is_eddsa_in_tokens_and_keys(void **state)
{
	static const char *const names[] = { "EdDSA", "Ed25519" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		json_t *jwk = signer_jwk(signer_key(ALGORITHM_EdDSA, 0), "a", names[i & 1]);
		struct keyset *set = honest_set(signer_set(&jwk, 1));
		char header[64], *text;

		(void)snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"a\"}", names[i >> 1]);
		text = signer_token(signer_key(ALGORITHM_EdDSA, 0), ALGORITHM_EdDSA,
		    span_of(header), SPAN("{\"iss\":\"i\"}"));
		honest_expect(header, set, span_of(text), REASON_OK);
		free(text);
		keyset_free(set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_of_another_algorithm_is_refused),
		cmocka_unit_test(a_keys_own_alg_binds_it),
		cmocka_unit_test(only_listed_algorithms_are_tried),
		cmocka_unit_test(a_public_key_is_no_hmac_secret),
		cmocka_unit_test(an_embedded_key_is_not_used),
		cmocka_unit_test(a_kid_chooses_and_its_absence_must_not),
		cmocka_unit_test(each_key_of_a_kid_is_tried),
		cmocka_unit_test(ed25519_is_eddsa_in_tokens_and_keys),
		cmocka_unit_test(any_payload_can_be_proved_as_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

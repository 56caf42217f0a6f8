/* SPDX-License-Identifier: Apache-2.0 */
/* Which JWKs make a key, and why the others do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "../token/signer.h"
#include "jwks/key.h"

/* What a case makes of a good public JWK. */
struct patch {
	const char *name;
	enum algorithm algorithm; /* of the JWK to start from */
	const char *set;          /* members to set, as JSON */
	const char *drop;         /* a member to remove */
	const char *want;         /* part of the error; NULL: it is a key */
};

static json_t *
patched(const struct patch *patch)
{
	json_t *jwk = signer_jwk(signer_key(patch->algorithm, 0), NULL, NULL);

	if (patch->set != NULL) {
		json_t *set = json_loads(patch->set, 0, NULL);

		assert_non_null(set);
		json_object_update(jwk, set);
		json_decref(set);
	}
	if (patch->drop != NULL)
		assert_int_equal(json_object_del(jwk, patch->drop), 0);
	return jwk;
}

/* taken: `jwk`. */
static void
expect(const char *name, json_t *jwk, const char *want)
{
	struct err err = { "" };
	struct key *key = NULL;
	bool made = key_parse(jwk, &key, &err);

	if (want == NULL && !made)
		fail_msg("%s: %s", name, err.text);
	if (want != NULL && (made || key != NULL))
		fail_msg("%s: is taken for a key", name);
	if (want != NULL && strstr(err.text, want) == NULL)
		fail_msg("%s: want \"%s\", got \"%s\"", name, want, err.text);
	assert_int_equal(ERR_peek_error(), 0);
	key_free(key);
	json_decref(jwk);
}

static const struct patch patches[] = {
	{ "an RSA key", ALGORITHM_RS256, NULL, NULL, NULL },
	{ "a P-256 key", ALGORITHM_ES256, NULL, NULL, NULL },
	{ "a P-384 key", ALGORITHM_ES384, NULL, NULL, NULL },
	{ "a P-521 key", ALGORITHM_ES512, NULL, NULL, NULL },
	{ "an Ed25519 key", ALGORITHM_EdDSA, NULL, NULL, NULL },
	{ "members nobody knows are ignored", ALGORITHM_RS256, "{\"x-foo\":[1],\"x\":5}", NULL,
	    NULL },
	{ "x5c, x5u and x5t are ignored", ALGORITHM_RS256,
	    "{\"x5c\":[\"AAAA\"],\"x5u\":\"https://evil.test\",\"x5t\":\"x\"}", NULL, NULL },

	{ "use sig", ALGORITHM_RS256, "{\"use\":\"sig\"}", NULL, NULL },
	{ "use enc", ALGORITHM_RS256, "{\"use\":\"enc\"}", NULL, "\"use\"" },
	{ "use in upper case", ALGORITHM_RS256, "{\"use\":\"SIG\"}", NULL, "\"use\"" },
	{ "use null is no use", ALGORITHM_RS256, "{\"use\":null}", NULL, NULL },
	{ "key_ops null is no key_ops", ALGORITHM_RS256, "{\"key_ops\":null}", NULL, NULL },
	{ "n null is no n", ALGORITHM_RS256, "{\"n\":null}", NULL, "\"n\" is missing" },
	{ "use that is a list", ALGORITHM_RS256, "{\"use\":[\"sig\"]}", NULL, "\"use\"" },
	{ "key_ops verify", ALGORITHM_RS256, "{\"key_ops\":[\"verify\"]}", NULL, NULL },
	{ "key_ops verify among others", ALGORITHM_RS256, "{\"key_ops\":[\"sign\",\"verify\"]}",
	    NULL, NULL },
	{ "key_ops without verify", ALGORITHM_RS256, "{\"key_ops\":[\"encrypt\"]}", NULL,
	    "verify" },
	{ "empty key_ops", ALGORITHM_RS256, "{\"key_ops\":[]}", NULL, "verify" },
	{ "key_ops that is a string", ALGORITHM_RS256, "{\"key_ops\":\"verify\"}", NULL,
	    "key_ops" },
	{ "key_ops of numbers", ALGORITHM_RS256, "{\"key_ops\":[1]}", NULL, "verify" },
	{ "use sig does not make up for key_ops", ALGORITHM_RS256,
	    "{\"use\":\"sig\",\"key_ops\":[\"sign\"]}", NULL, "verify" },

	{ "alg RS256", ALGORITHM_RS256, "{\"alg\":\"RS256\"}", NULL, NULL },
	{ "alg PS512", ALGORITHM_RS256, "{\"alg\":\"PS512\"}", NULL, NULL },
	{ "alg of another family", ALGORITHM_RS256, "{\"alg\":\"ES256\"}", NULL, "does not fit" },
	{ "alg of another curve", ALGORITHM_ES384, "{\"alg\":\"ES256\"}", NULL, "does not fit" },
	{ "alg for encryption", ALGORITHM_RS256, "{\"alg\":\"RSA-OAEP\"}", NULL, "\"alg\"" },
	{ "alg HS256 on an RSA key", ALGORITHM_RS256, "{\"alg\":\"HS256\"}", NULL, "\"alg\"" },
	{ "alg none", ALGORITHM_RS256, "{\"alg\":\"none\"}", NULL, "\"alg\"" },
	{ "alg in lower case", ALGORITHM_RS256, "{\"alg\":\"rs256\"}", NULL, "\"alg\"" },
	{ "alg null is no alg", ALGORITHM_RS256, "{\"alg\":null}", NULL, NULL },
	{ "alg that is a number", ALGORITHM_RS256, "{\"alg\":256}", NULL, "\"alg\"" },

	{ "kid that is empty", ALGORITHM_RS256, "{\"kid\":\"\"}", NULL, "\"kid\"" },
	{ "kid that is a number", ALGORITHM_RS256, "{\"kid\":1}", NULL, "\"kid\"" },
	{ "kid null is no kid", ALGORITHM_RS256, "{\"kid\":null}", NULL, NULL },
	{ "kid with a line feed", ALGORITHM_RS256, "{\"kid\":\"a\\nb\"}", NULL, "\"kid\"" },
	{ "kid with DEL", ALGORITHM_RS256, "{\"kid\":\"a\\u007f\"}", NULL, "\"kid\"" },
	{ "kid beyond ASCII", ALGORITHM_RS256, "{\"kid\":\"sch\\u00fcssel /?\"}", NULL, NULL },

	{ "kty oct", ALGORITHM_RS256, "{\"kty\":\"oct\",\"k\":\"AAAA\"}", NULL, "symmetric" },
	{ "kty in lower case", ALGORITHM_RS256, "{\"kty\":\"rsa\"}", NULL, "\"kty\"" },
	{ "kty that nobody knows", ALGORITHM_RS256, "{\"kty\":\"PQ\"}", NULL, "\"kty\"" },
	{ "kty that is a number", ALGORITHM_RS256, "{\"kty\":1}", NULL, "\"kty\"" },
	{ "no kty", ALGORITHM_RS256, NULL, "kty", "\"kty\"" },
	{ "d", ALGORITHM_RS256, "{\"d\":\"AAAA\"}", NULL, "private" },
	{ "d of an EC key", ALGORITHM_ES256, "{\"d\":\"AAAA\"}", NULL, "private" },
	{ "d of an Ed25519 key", ALGORITHM_EdDSA, "{\"d\":\"AAAA\"}", NULL, "private" },
	{ "p", ALGORITHM_RS256, "{\"p\":\"AAAA\"}", NULL, "private" },
	{ "q", ALGORITHM_RS256, "{\"q\":\"AAAA\"}", NULL, "private" },
	{ "dp", ALGORITHM_RS256, "{\"dp\":\"AAAA\"}", NULL, "private" },
	{ "dq", ALGORITHM_RS256, "{\"dq\":\"AAAA\"}", NULL, "private" },
	{ "qi", ALGORITHM_RS256, "{\"qi\":\"AAAA\"}", NULL, "private" },
	{ "oth", ALGORITHM_RS256, "{\"oth\":[]}", NULL, "private" },
	{ "k", ALGORITHM_RS256, "{\"k\":\"AAAA\"}", NULL, "private" },

	{ "no n", ALGORITHM_RS256, NULL, "n", "\"n\" is missing" },
	{ "no e", ALGORITHM_RS256, NULL, "e", "\"e\" is missing" },
	{ "n that is a number", ALGORITHM_RS256, "{\"n\":5}", NULL, "\"n\" is not a string" },
	{ "n that is empty", ALGORITHM_RS256, "{\"n\":\"\"}", NULL, "RSA of 0 bits" },
	{ "n of zeros", ALGORITHM_RS256, "{\"n\":\"AAAAAA\"}", NULL, "RSA of 0 bits" },
	{ "n with padding", ALGORITHM_RS256, "{\"n\":\"AQ==\"}", NULL, "base64url" },
	{ "n of standard base64", ALGORITHM_RS256, "{\"n\":\"a+/b\"}", NULL, "base64url" },
	{ "n with white space", ALGORITHM_RS256, "{\"n\":\"AQAB \"}", NULL, "base64url" },
	{ "e 3", ALGORITHM_RS256, "{\"e\":\"Aw\"}", NULL, NULL },
	{ "e with a leading zero", ALGORITHM_RS256, "{\"e\":\"AAEAAQ\"}", NULL, NULL },
	{ "e 2^64-1", ALGORITHM_RS256, "{\"e\":\"__________8\"}", NULL, NULL },
	{ "e of 65 bits", ALGORITHM_RS256, "{\"e\":\"Af__________\"}", NULL, "64 bits" },
	{ "e 0", ALGORITHM_RS256, "{\"e\":\"AA\"}", NULL, "\"e\"" },
	{ "e 1", ALGORITHM_RS256, "{\"e\":\"AQ\"}", NULL, "\"e\"" },
	{ "e 1 with leading zeros", ALGORITHM_RS256, "{\"e\":\"AAAB\"}", NULL, "\"e\"" },
	{ "e 2", ALGORITHM_RS256, "{\"e\":\"Ag\"}", NULL, "\"e\"" },
	{ "e 65536", ALGORITHM_RS256, "{\"e\":\"AQAA\"}", NULL, "\"e\"" },
	{ "e that is empty", ALGORITHM_RS256, "{\"e\":\"\"}", NULL, "\"e\"" },

	{ "no crv", ALGORITHM_ES256, NULL, "crv", "\"crv\"" },
	{ "no x", ALGORITHM_ES256, NULL, "x", "\"x\" is missing" },
	{ "no y", ALGORITHM_ES256, NULL, "y", "\"y\" is missing" },
	{ "secp256k1", ALGORITHM_ES256, "{\"crv\":\"secp256k1\"}", NULL, "\"crv\"" },
	{ "crv of another length", ALGORITHM_ES256, "{\"crv\":\"P-384\"}", NULL, "has 32 bytes" },
	{ "Ed25519 as EC", ALGORITHM_ES256, "{\"crv\":\"Ed25519\"}", NULL, "\"crv\"" },
	{ "x of one byte", ALGORITHM_ES256, "{\"x\":\"AQ\"}", NULL, "has 1 bytes, must have 32" },
	{ "x of 33 bytes", ALGORITHM_ES256,
	    "{\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", NULL, "has 33 bytes" },
	{ "a point that is not on the curve", ALGORITHM_ES256,
	    "{\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}", NULL, "key" },
	{ "a coordinate of zeros", ALGORITHM_ES256,
	    "{\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	    "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	    NULL, "key" },
	{ "a coordinate beyond the field", ALGORITHM_ES256,
	    "{\"x\":\"__________________________________________8\"}", NULL, "key" },
	{ "EC members under kty RSA", ALGORITHM_ES256, "{\"kty\":\"RSA\"}", NULL,
	    "\"n\" is missing" },

	{ "X25519", ALGORITHM_EdDSA, "{\"crv\":\"X25519\"}", NULL, "\"crv\"" },
	{ "Ed448", ALGORITHM_EdDSA, "{\"crv\":\"Ed448\"}", NULL, "\"crv\"" },
	{ "an Ed25519 key of 31 bytes", ALGORITHM_EdDSA,
	    "{\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", NULL, "has 31 bytes" },
	{ "an Ed25519 key of 33 bytes", ALGORITHM_EdDSA,
	    "{\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", NULL, "has 33 bytes" },
	{ "OKP without x", ALGORITHM_EdDSA, NULL, "x", "\"x\" is missing" },
};

static void
a_jwk_is_a_key_or_says_why_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(patches); i++)
		expect(patches[i].name, patched(&patches[i]), patches[i].want);
}

static void
what_is_no_object_is_no_key(void **state)
{
	(void)state;
	expect("null", json_null(), "not an object");
	expect("array", json_array(), "not an object");
	expect("string", json_string("RSA"), "not an object");
	expect("empty object", json_object(), "\"kty\"");
}

static void
a_kid_has_at_most_1024_bytes(void **state)
{
	char kid[1026] = { 0 };
	EVP_PKEY *pkey = signer_key(ALGORITHM_EdDSA, 0);

	(void)state;
	memset(kid, 'k', 1024);
	expect("1024 bytes", signer_jwk(pkey, kid, NULL), NULL);
	kid[1024] = 'k';
	expect("1025 bytes", signer_jwk(pkey, kid, NULL), "\"kid\"");
}

/* A JWK of a number as long as wished: its first byte is `top`, the last one odd. */
static json_t *
rsa_of(size_t bytes, unsigned char top)
{
	unsigned char *n = malloc(bytes);
	json_t *jwk = json_pack("{s:s,s:s}", "kty", "RSA", "e", "AQAB");

	memset(n, 0x5b, bytes);
	n[0] = top;
	signer_member(jwk, "n", (struct span){ (const char *)n, bytes });
	free(n);
	return jwk;
}

static void
rsa_is_bounded_in_bits(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024u);

	(void)state;
	expect("1024 bits", signer_jwk(small, NULL, NULL), "RSA of 1024 bits");
	EVP_PKEY_free(small);
	expect("2047 bits", rsa_of(256, 0x7f), "RSA of 2047 bits");
	expect("16385 bits", rsa_of(2049, 0x01), "RSA of 16385 bits");
	expect("far too long", rsa_of(4096, 0x80), "too long");
}

static void
a_modulus_with_small_factors_is_refused(void **state)
{
	unsigned char n[256];
	json_t *jwk = json_pack("{s:s,s:s}", "kty", "RSA", "e", "AQAB");

	(void)state;
	memset(n, 0xff, sizeof(n)); /* 2^2048 - 1 = 3 * … */
	signer_member(jwk, "n", (struct span){ (const char *)n, sizeof(n) });
	expect("small factors", jwk, "not a valid public key");
	jwk = json_pack("{s:s,s:s}", "kty", "RSA", "e", "AQAB");
	n[sizeof(n) - 1] = 0xfe;
	signer_member(jwk, "n", (struct span){ (const char *)n, sizeof(n) });
	expect("even", jwk, "not a valid public key");
}

static void
leading_zeros_of_n_do_not_count(void **state)
{
	EVP_PKEY *pkey = signer_key(ALGORITHM_RS256, 0);
	unsigned char n[258] = { 0 };
	BIGNUM *number = NULL;
	json_t *jwk = signer_jwk(pkey, NULL, NULL);
	struct err err;
	struct key *key = NULL;
	struct signature signature = signer_sign(pkey, ALGORITHM_RS256, SPAN("x"));

	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &number), 1);
	assert_int_equal(BN_bn2binpad(number, n, sizeof(n)), sizeof(n));
	BN_free(number);
	signer_member(jwk, "n", (struct span){ (const char *)n, sizeof(n) });
	assert_true(key_parse(jwk, &key, &err));
	assert_int_equal(key_bits(key), 2048);
	assert_true(key_verify(key, ALGORITHM_RS256, SPAN("x"), signature_span(&signature)));
	key_free(key);
	json_decref(jwk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jwk_is_a_key_or_says_why_not),
		cmocka_unit_test(what_is_no_object_is_no_key),
		cmocka_unit_test(a_kid_has_at_most_1024_bytes),
		cmocka_unit_test(rsa_is_bounded_in_bits),
		cmocka_unit_test(a_modulus_with_small_factors_is_refused),
		cmocka_unit_test(leading_zeros_of_n_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

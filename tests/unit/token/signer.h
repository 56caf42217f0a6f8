/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer - keys and tokens for tests, made by OpenSSL alone: nothing of what is tested is used to
 * make them, but the table of algorithms and the base64url encoder.
 *
 * Include it after <cmocka.h>.
 */
#ifndef POSTERN_TESTS_SIGNER_H
#define POSTERN_TESTS_SIGNER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/base64url.h"
#include "base/span.h"
#include "jwks/algorithm.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

#define SIGNATURE_MAX_BYTES 512

struct signature {
	unsigned char at[SIGNATURE_MAX_BYTES];
	size_t len;
};

static inline struct span
signature_span(const struct signature *signature)
{
	return (struct span){ (const char *)signature->at, signature->len };
}

/* A new private key of the kind that `algorithm` needs; EVP_PKEY_free() it. */
static inline EVP_PKEY *
signer_new(enum algorithm algorithm)
{
	static const char *const curves[] = { "", "P-256", "P-384", "P-521", "" };
	EVP_PKEY *pkey = NULL;

	switch (algorithm_key_type(algorithm)) {
	case KEY_RSA:
		pkey = EVP_RSA_gen(2048u);
		break;
	case KEY_EC:
		pkey = EVP_EC_gen(curves[algorithm_curve(algorithm)]);
		break;
	case KEY_OKP:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	assert_non_null(pkey);
	return pkey;
}

/* One of a few keys that live as long as the test program: making RSA keys takes long. */
static inline EVP_PKEY *
signer_key(enum algorithm algorithm, size_t which)
{
	static EVP_PKEY *rsa[3];
	static EVP_PKEY *others[6][ALGORITHM_COUNT];
	EVP_PKEY **place =
	    algorithm_key_type(algorithm) == KEY_RSA ? &rsa[which] : &others[which][algorithm];

	if (*place == NULL)
		*place = signer_new(algorithm);
	return *place;
}

static inline const char *
signer_digest(enum algorithm algorithm)
{
	const char *name = algorithm_name(algorithm);

	if (algorithm == ALGORITHM_EdDSA)
		return NULL;
	return strcmp(name + 2, "256") == 0   ? "SHA256"
	       : strcmp(name + 2, "384") == 0 ? "SHA384"
					      : "SHA512";
}

/* R || S of a DER signature. */
static inline void
signer_raw(struct signature *signature, size_t half)
{
	const unsigned char *at = signature->at;
	ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)signature->len);

	assert_non_null(both);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(both), signature->at, (int)half), half);
	assert_int_equal(
	    BN_bn2binpad(ECDSA_SIG_get0_s(both), signature->at + half, (int)half), half);
	signature->len = 2 * half;
	ECDSA_SIG_free(both);
}

/* How to sign. `digest` NULL: none (EdDSA). `salt_bytes` counts for PSS; -1: as the digest. */
struct signing_way {
	const char *digest;
	bool pss;
	int salt_bytes;
	const char *mgf1_digest;
	bool der;
};

static inline struct signature
signer_sign_by(EVP_PKEY *pkey, const struct signing_way *way, struct span input)
{
	struct signature signature = { .len = SIGNATURE_MAX_BYTES };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_context = NULL;

	assert_int_equal(
	    EVP_DigestSignInit_ex(context, &pkey_context, way->digest, NULL, NULL, pkey, NULL), 1);
	if (way->pss) {
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_padding(pkey_context, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_context, way->salt_bytes), 1);
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_mgf1_md_name(pkey_context,
			way->mgf1_digest == NULL ? way->digest : way->mgf1_digest, NULL),
		    1);
	}
	assert_int_equal(EVP_DigestSign(context, signature.at, &signature.len,
			     (const unsigned char *)input.at, input.len),
	    1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_is_a(pkey, "EC") && !way->der)
		signer_raw(&signature, ((size_t)EVP_PKEY_get_bits(pkey) + 7) / 8);
	return signature;
}

static inline struct signature
signer_sign(EVP_PKEY *pkey, enum algorithm algorithm, struct span input)
{
	struct signing_way way = { .digest = signer_digest(algorithm), .salt_bytes = -1 };

	way.pss = algorithm_name(algorithm)[0] == 'P';
	return signer_sign_by(pkey, &way, input);
}

/* base64url as a new C string: free() it. */
static inline char *
signer_encode(struct span bytes)
{
	char *text = calloc(1, BASE64URL_ENCODED(bytes.len) + 1);

	assert_non_null(text);
	(void)base64url_encode(bytes, text);
	return text;
}

/* Set a member of a JWK to the base64url of bytes. */
static inline void
signer_member(json_t *jwk, const char *name, struct span bytes)
{
	char *text = signer_encode(bytes);

	assert_int_equal(json_object_set_new(jwk, name, json_string(text)), 0);
	free(text);
}

/* A number of the key; `size_bytes` 0: without leading zeros. */
static inline void
signer_number(json_t *jwk, const char *name, const EVP_PKEY *pkey, const char *parameter)
{
	unsigned char bytes[1024];
	BIGNUM *number = NULL;
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, parameter, &number), 1);
	if (EVP_PKEY_is_a(pkey, "EC"))
		len = BN_bn2binpad(number, bytes, (EVP_PKEY_get_bits(pkey) + 7) / 8);
	else
		len = BN_bn2bin(number, bytes);
	BN_free(number);
	assert_true(len > 0);
	signer_member(jwk, name, (struct span){ (const char *)bytes, (size_t)len });
}

/* The public JWK; `kid` and `alg` may be NULL. json_decref() it. */
static inline json_t *
signer_jwk(const EVP_PKEY *pkey, const char *kid, const char *alg)
{
	json_t *jwk = json_object();
	unsigned char raw[32];
	size_t len = sizeof(raw);

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		json_object_set_new(jwk, "kty", json_string("RSA"));
		signer_number(jwk, "n", pkey, OSSL_PKEY_PARAM_RSA_N);
		signer_number(jwk, "e", pkey, OSSL_PKEY_PARAM_RSA_E);
	} else if (EVP_PKEY_is_a(pkey, "EC")) {
		int bits = EVP_PKEY_get_bits(pkey);

		json_object_set_new(jwk, "kty", json_string("EC"));
		json_object_set_new(jwk, "crv", json_sprintf("P-%d", bits));
		signer_number(jwk, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X);
		signer_number(jwk, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y);
	} else {
		json_object_set_new(jwk, "kty", json_string("OKP"));
		json_object_set_new(jwk, "crv", json_string("Ed25519"));
		assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, raw, &len), 1);
		signer_member(jwk, "x", (struct span){ (const char *)raw, len });
	}
	if (kid != NULL)
		json_object_set_new(jwk, "kid", json_string(kid));
	if (alg != NULL)
		json_object_set_new(jwk, "alg", json_string(alg));
	return jwk;
}

/* header.payload as a new C string: free() it. */
static inline char *
signer_input(struct span header, struct span payload)
{
	char *head = signer_encode(header);
	char *body = signer_encode(payload);
	char *input = malloc(strlen(head) + strlen(body) + 2);

	assert_non_null(input);
	(void)snprintf(input, strlen(head) + strlen(body) + 2, "%s.%s", head, body);
	free(head);
	free(body);
	return input;
}

/* input.signature as a new C string: free() it. */
static inline char *
signer_join(const char *input, struct span signature)
{
	char *tail = signer_encode(signature);
	char *token = malloc(strlen(input) + strlen(tail) + 2);

	assert_non_null(token);
	(void)snprintf(token, strlen(input) + strlen(tail) + 2, "%s.%s", input, tail);
	free(tail);
	return token;
}

/* A whole token: free() it. */
static inline char *
signer_token(EVP_PKEY *pkey, enum algorithm algorithm, struct span header, struct span payload)
{
	char *input = signer_input(header, payload);
	struct signature signature = signer_sign(pkey, algorithm, span_of(input));
	char *token = signer_join(input, signature_span(&signature));

	free(input);
	return token;
}

/* {"keys":[…]} as a new C string: free() it. taken: the JWKs. */
static inline char *
signer_set(json_t *const jwks[], size_t count)
{
	json_t *set = json_pack("{s:[]}", "keys");
	char *text;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(json_object_get(set, "keys"), jwks[i]);
	text = json_dumps(set, JSON_COMPACT);
	json_decref(set);
	assert_non_null(text);
	return text;
}

#endif

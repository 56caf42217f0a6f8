/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/json.h"
#include "jwks/ecdsa.h"
#include "jwks/material.h"

struct key {
	struct material material;
	enum algorithm algorithm; /* own; ALGORITHM_COUNT: none */
	char *kid;                /* NULL: none */
	size_t kid_len;
	char *issuer; /* NULL: none */
	size_t issuer_len;

	/* One ready context per fitting algorithm. Each verification copies it: looking up the
	 * algorithm anew costs two microseconds and takes OpenSSL's locks. */
	EVP_MD_CTX *ready[ALGORITHM_COUNT];
};

struct row {
	const char *digest;
	bool pss;
	size_t signature_bytes; /* 0: the modulus' */
};

#define ALGORITHM_ROW(name, type, curve, digest, pss, bytes) { digest, pss, bytes },
static const struct row rows[] = { ALGORITHM_TABLE(ALGORITHM_ROW) };
#undef ALGORITHM_ROW

bool
key_kid_valid(struct span kid)
{
	for (size_t i = 0; i < kid.len; i++)
		if ((unsigned char)kid.at[i] < 0x20 || kid.at[i] == 0x7f)
			return false;
	return kid.len > 0 && kid.len <= KEY_KID_MAX_BYTES;
}

static bool
read_kid(const json_t *jwk, struct key *key, struct err *reterr)
{
	const json_t *member = json_member(jwk, "kid");
	struct span kid = json_text(member);

	if (member == NULL)
		return true;
	if (!key_kid_valid(kid))
		return err_set(reterr,
		    "\"kid\" must be a string of 1..%u bytes without control characters",
		    KEY_KID_MAX_BYTES);
	key->kid = malloc(kid.len);
	if (key->kid == NULL)
		return err_set(reterr, "out of memory");
	memcpy(key->kid, kid.at, kid.len);
	key->kid_len = kid.len;
	return true;
}

/* The `issuer` member of Entra's keys. One that is not a string is an error: the key's issuer would
 * be unknown. */
static bool
read_issuer(const json_t *jwk, struct key *key, struct err *reterr)
{
	const json_t *member = json_member(jwk, "issuer");
	struct span issuer = json_text(member);

	if (member == NULL)
		return true;
	if (issuer.len == 0)
		return err_set(reterr, "\"issuer\" is not a string");
	key->issuer = malloc(issuer.len);
	if (key->issuer == NULL)
		return err_set(reterr, "out of memory");
	memcpy(key->issuer, issuer.at, issuer.len);
	key->issuer_len = issuer.len;
	return true;
}

static bool
check_key_ops(const json_t *key_ops, struct err *reterr)
{
	bool verify = false;

	if (!json_is_array(key_ops))
		return err_set(reterr, "\"key_ops\" is not an array");
	for (size_t i = 0; i < json_array_size(key_ops) && !verify; i++)
		verify = span_is(json_text(json_array_get(key_ops, i)), "verify");
	return verify || err_set(reterr, "\"key_ops\" has no \"verify\"");
}

/* RFC 7517 sections 4.2 and 4.3: absent means any use. */
static bool
check_use(const json_t *jwk, struct err *reterr)
{
	const json_t *use = json_member(jwk, "use");
	const json_t *key_ops = json_member(jwk, "key_ops");

	if (use != NULL && !span_is(json_text(use), "sig"))
		return err_set(reterr, "\"use\" is not \"sig\"");
	return key_ops == NULL || check_key_ops(key_ops, reterr);
}

static bool
read_algorithm(const json_t *jwk, struct key *key, struct err *reterr)
{
	const json_t *alg = json_member(jwk, "alg");

	key->algorithm = ALGORITHM_COUNT;
	if (alg == NULL)
		return true;
	key->algorithm = algorithm_find(json_text(alg));
	if (key->algorithm == ALGORITHM_COUNT)
		return err_set(reterr, "its \"alg\" is not supported");
	return key_fits(key, key->algorithm) ||
	       err_set(reterr, "its \"alg\" does not fit its type or curve");
}

/* RFC 7518 section 3.5: MGF1 with the same hash, a salt as long as the hash and no other. */
static bool
set_pss(EVP_PKEY_CTX *context, const char *digest)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, digest, NULL) == 1;
}

static bool
make_ready(struct key *key, enum algorithm algorithm, struct err *reterr)
{
	const struct row *row = &rows[algorithm];
	EVP_MD_CTX *ready = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL;

	key->ready[algorithm] = ready;
	if (ready != NULL &&
	    EVP_DigestVerifyInit_ex(
		ready, &context, row->digest, NULL, NULL, key->material.pkey, NULL) == 1 &&
	    (!row->pss || set_pss(context, row->digest)))
		return true;
	return material_refuse(reterr, "OpenSSL cannot verify by it");
}

static bool
make_all_ready(struct key *key, struct err *reterr)
{
	for (int algorithm = 0; algorithm < ALGORITHM_COUNT; algorithm++)
		if (key_fits(key, (enum algorithm)algorithm) &&
		    !make_ready(key, (enum algorithm)algorithm, reterr))
			return false;
	return true;
}

bool
key_parse(const json_t *jwk, struct key **ret_key, struct err *reterr)
{
	struct key *key;

	if (!json_is_object(jwk))
		return err_set(reterr, "is not an object");
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return err_set(reterr, "out of memory");
	if (!read_kid(jwk, key, reterr) || !read_issuer(jwk, key, reterr) ||
	    !check_use(jwk, reterr) || !material_read(jwk, &key->material, reterr) ||
	    !read_algorithm(jwk, key, reterr) || !make_all_ready(key, reterr)) {
		key_free(key);
		return false;
	}
	*ret_key = key;
	return true;
}

void
key_free(struct key *key)
{
	if (key == NULL)
		return;
	for (int algorithm = 0; algorithm < ALGORITHM_COUNT; algorithm++)
		EVP_MD_CTX_free(key->ready[algorithm]);
	EVP_PKEY_free(key->material.pkey);
	free(key->kid);
	free(key->issuer);
	free(key);
}

struct span
key_kid(const struct key *key)
{
	return (struct span){ key->kid, key->kid_len };
}

struct span
key_issuer(const struct key *key)
{
	return (struct span){ key->issuer, key->issuer_len };
}

enum key_type
key_kind(const struct key *key)
{
	return key->material.type;
}

enum algorithm
key_algorithm(const struct key *key)
{
	return key->algorithm;
}

int
key_bits(const struct key *key)
{
	return key->material.bits;
}

bool
key_same(const struct key *a, const struct key *b)
{
	return span_equal(key_kid(a), key_kid(b)) && span_equal(key_issuer(a), key_issuer(b)) &&
	       a->algorithm == b->algorithm && key_same_material(a, b);
}

bool
key_same_material(const struct key *a, const struct key *b)
{
	bool same = a->material.type == b->material.type &&
		    a->material.curve == b->material.curve &&
		    EVP_PKEY_eq(a->material.pkey, b->material.pkey) == 1;

	ERR_clear_error();
	return same;
}

bool
key_fits(const struct key *key, enum algorithm algorithm)
{
	return algorithm < ALGORITHM_COUNT && key->material.type == algorithm_key_type(algorithm) &&
	       key->material.curve == algorithm_curve(algorithm) &&
	       (key->algorithm == ALGORITHM_COUNT || key->algorithm == algorithm);
}

/* `signature` as OpenSSL takes it. */
static bool
verify(const struct key *key, enum algorithm algorithm, struct span input, struct span signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool verified = context != NULL &&
			EVP_MD_CTX_copy_ex(context, key->ready[algorithm]) == 1 &&
			EVP_DigestVerify(context, (const unsigned char *)signature.at,
			    signature.len, (const unsigned char *)input.at, input.len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return verified;
}

bool
key_verify(
    const struct key *key, enum algorithm algorithm, struct span input, struct span signature)
{
	char der[ECDSA_DER_MAX_BYTES];
	size_t want_bytes;

	if (!key_fits(key, algorithm))
		return false;
	want_bytes = rows[algorithm].signature_bytes;
	if (want_bytes == 0)
		want_bytes = (size_t)EVP_PKEY_get_size(key->material.pkey);
	if (signature.len != want_bytes)
		return false;
	if (key->material.type == KEY_EC) {
		signature.len = ecdsa_der(signature, der);
		if (signature.len == 0)
			return false;
		signature.at = der;
	}
	return verify(key, algorithm, input, signature);
}

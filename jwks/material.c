/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/material.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/base64url.h"
#include "base/json.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 16384

/* Enough for the largest modulus with a few leading zeros. */
#define MEMBER_MAX_BYTES (RSA_MAX_BITS / 8 + 8)

/* RFC 3447 sets no limit for the exponent. Real keys need no more than 64 bits, and large exponents
 * are slow. */
#define EXPONENT_MAX_BYTES 8

#define POINT_MAX_BYTES (1 + 2 * 66)

struct curve {
	const char *crv;
	enum key_curve curve;
	const char *group; /* OpenSSL's name */
	size_t coordinate_bytes;
};

static const struct curve curves[] = {
	{ "P-256", CURVE_P256, "prime256v1", 32 },
	{ "P-384", CURVE_P384, "secp384r1", 48 },
	{ "P-521", CURVE_P521, "secp521r1", 66 },
};

/* Bytes of one member of a JWK. */
struct octets {
	unsigned char at[BASE64URL_DECODED(BASE64URL_ENCODED(MEMBER_MAX_BYTES))];
	size_t len;
};

static bool
read_octets(const json_t *jwk, const char *name, struct octets *octets, struct err *reterr)
{
	const json_t *member = json_member(jwk, name);
	struct span text = json_text(member);

	octets->len = 0;
	if (member == NULL)
		return err_set(reterr, "\"%s\" is missing", name);
	if (!json_is_string(member))
		return err_set(reterr, "\"%s\" is not a string", name);
	if (text.len > BASE64URL_ENCODED((size_t)MEMBER_MAX_BYTES))
		return err_set(reterr, "\"%s\" is too long", name);
	if (!base64url_decode(text, octets->at, &octets->len))
		return err_set(reterr, "\"%s\" is not base64url", name);
	return true;
}

/* A Base64urlUInt should have no leading zero (RFC 7518 section 2), but some issuers write the
 * sign byte of DER. */
static void
strip_zeros(struct octets *octets)
{
	size_t zeros = 0;

	while (zeros < octets->len && octets->at[zeros] == 0)
		zeros++;
	octets->len -= zeros;
	memmove(octets->at, octets->at + zeros, octets->len);
}

bool
material_refuse(struct err *reterr, const char *why)
{
	bool memory = ERR_peek_error() == 0; /* OpenSSL does not always report it */
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		memory = memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return err_set(reterr, "%s", memory ? ERR_MEMORY : why);
}

/* Make a key from parameters. OpenSSL checks that the point is on its curve, or that the modulus is
 * odd, not prime and without small factors. */
static bool
make_key(const char *type, OSSL_PARAM_BLD *builder, EVP_PKEY **ret_pkey, struct err *reterr)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY_CTX *checking = NULL;
	EVP_PKEY *pkey = NULL;
	bool made = false;

	if (params == NULL || making == NULL || EVP_PKEY_fromdata_init(making) != 1 ||
	    EVP_PKEY_fromdata(making, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		(void)material_refuse(reterr, "does not make a key");
		goto out;
	}
	checking = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (checking == NULL || EVP_PKEY_public_check(checking) != 1) {
		(void)material_refuse(reterr, "is not a valid public key");
		goto out;
	}
	*ret_pkey = pkey;
	pkey = NULL;
	made = true;
out:
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(checking);
	EVP_PKEY_CTX_free(making);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return made;
}

static int
bits_of(const struct octets *number)
{
	int bits = (int)number->len * 8;

	for (int top = number->len == 0 ? 0x80 : number->at[0]; (top & 0x80) == 0; top <<= 1)
		bits--;
	return bits;
}

static bool
check_rsa(const struct octets *n, const struct octets *e, struct err *reterr)
{
	int bits = bits_of(n);

	if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
		return err_set(
		    reterr, "RSA of %d bits: must be %d..%d", bits, RSA_MIN_BITS, RSA_MAX_BITS);
	if (e->len > EXPONENT_MAX_BYTES)
		return err_set(reterr, "\"e\" has more than 64 bits");
	if (e->len == 0 || (e->at[e->len - 1] & 1) == 0 || (e->len == 1 && e->at[0] == 1))
		return err_set(reterr, "\"e\" must be odd and at least 3");
	return true;
}

static bool
make_rsa(const struct octets *n, const struct octets *e, EVP_PKEY **ret_pkey, struct err *reterr)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *n_number = BN_bin2bn(n->at, (int)n->len, NULL);
	BIGNUM *e_number = BN_bin2bn(e->at, (int)e->len, NULL);
	bool made = false;

	if (builder == NULL || n_number == NULL || e_number == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n_number) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e_number) != 1)
		(void)err_set(reterr, "out of memory");
	else
		made = make_key("RSA", builder, ret_pkey, reterr);
	BN_free(n_number);
	BN_free(e_number);
	OSSL_PARAM_BLD_free(builder);
	return made;
}

/* Both numbers are too large for the stack of a small thread. */
struct rsa_numbers {
	struct octets n, e;
};

static bool
read_rsa(const json_t *jwk, struct material *material, struct err *reterr)
{
	struct rsa_numbers *numbers = malloc(sizeof(*numbers));
	bool done = false;

	if (numbers == NULL)
		return err_set(reterr, "out of memory");
	if (!read_octets(jwk, "n", &numbers->n, reterr) ||
	    !read_octets(jwk, "e", &numbers->e, reterr))
		goto out;
	strip_zeros(&numbers->n);
	strip_zeros(&numbers->e);
	material->type = KEY_RSA;
	material->curve = CURVE_NONE;
	material->bits = bits_of(&numbers->n);
	done = check_rsa(&numbers->n, &numbers->e, reterr) &&
	       make_rsa(&numbers->n, &numbers->e, &material->pkey, reterr);
out:
	free(numbers);
	return done;
}

/* Where a coordinate goes. */
struct room {
	char *at;
	size_t len;
};

/* One coordinate of exactly the length of the field (RFC 7518 section 6.2.1.2, RFC 8037
 * section 2). */
static bool
read_exactly(const json_t *jwk, const char *name, struct room into, struct err *reterr)
{
	struct octets *octets = malloc(sizeof(*octets));
	bool done = false;

	if (octets == NULL)
		return err_set(reterr, "out of memory");
	if (!read_octets(jwk, name, octets, reterr))
		goto out;
	if (octets->len != into.len) {
		(void)err_set(
		    reterr, "\"%s\" has %zu bytes, must have %zu", name, octets->len, into.len);
		goto out;
	}
	memcpy(into.at, octets->at, into.len);
	done = true;
out:
	free(octets);
	return done;
}

static bool
make_point(const char *group, struct span point, EVP_PKEY **ret_pkey, struct err *reterr)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	const char *type = group == NULL ? "ED25519" : "EC";
	bool made = false;

	if (builder == NULL ||
	    (group != NULL && OSSL_PARAM_BLD_push_utf8_string(
				  builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1) ||
	    OSSL_PARAM_BLD_push_octet_string(
		builder, OSSL_PKEY_PARAM_PUB_KEY, point.at, point.len) != 1)
		(void)err_set(reterr, "out of memory");
	else
		made = make_key(type, builder, ret_pkey, reterr);
	OSSL_PARAM_BLD_free(builder);
	return made;
}

static const struct curve *
find_curve(const json_t *jwk)
{
	struct span crv = json_text(json_member(jwk, "crv"));

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (span_is(crv, curves[i].crv))
			return &curves[i];
	return NULL;
}

static bool
read_ec(const json_t *jwk, struct material *material, struct err *reterr)
{
	const struct curve *curve = find_curve(jwk);
	char point[POINT_MAX_BYTES] = { 4 }; /* uncompressed: SEC 1 section 2.3.3 */
	struct room x, y;

	if (curve == NULL)
		return err_set(reterr, "\"crv\" must be P-256, P-384 or P-521");
	x = (struct room){ point + 1, curve->coordinate_bytes };
	y = (struct room){ point + 1 + x.len, x.len };
	material->type = KEY_EC;
	material->curve = curve->curve;
	if (!read_exactly(jwk, "x", x, reterr) || !read_exactly(jwk, "y", y, reterr) ||
	    !make_point(
		curve->group, (struct span){ point, 1 + 2 * x.len }, &material->pkey, reterr))
		return false;
	material->bits = EVP_PKEY_get_bits(material->pkey);
	return true;
}

static bool
read_okp(const json_t *jwk, struct material *material, struct err *reterr)
{
	char x[32];

	if (!span_is(json_text(json_member(jwk, "crv")), "Ed25519"))
		return err_set(reterr, "\"crv\" must be Ed25519");
	material->type = KEY_OKP;
	material->curve = CURVE_ED25519;
	material->bits = 256;
	return read_exactly(jwk, "x", (struct room){ x, sizeof(x) }, reterr) &&
	       make_point(NULL, (struct span){ x, sizeof(x) }, &material->pkey, reterr);
}

/* A published private key can be used by anyone. */
static bool
refuse_private(const json_t *jwk, struct err *reterr)
{
	static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_member(jwk, members[i]) != NULL)
			return err_set(
			    reterr, "a private key in a public set (\"%s\")", members[i]);
	return true;
}

bool
material_read(const json_t *jwk, struct material *ret_material, struct err *reterr)
{
	struct material material = { 0 };
	struct span kty = json_text(json_member(jwk, "kty"));
	bool done;

	if (span_is(kty, "oct"))
		return err_set(reterr, "a symmetric key cannot verify");
	if (!refuse_private(jwk, reterr))
		return false;
	if (span_is(kty, "RSA"))
		done = read_rsa(jwk, &material, reterr);
	else if (span_is(kty, "EC"))
		done = read_ec(jwk, &material, reterr);
	else if (span_is(kty, "OKP"))
		done = read_okp(jwk, &material, reterr);
	else
		return err_set(reterr, "\"kty\" must be RSA, EC or OKP");
	if (done)
		*ret_material = material;
	return done;
}

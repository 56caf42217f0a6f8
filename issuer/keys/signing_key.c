/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/signing_key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/base64url.h"
#include "base/digest.h"

#define FIELD_BYTES 32
#define RSA_MIN 2048
#define RSA_MAX (SIGNING_BYTES * 8)
#define KID_ROOM (BASE64URL_ENCODED(DIGEST_BYTES) + 1)
#define PEM_MAX 16384

const char *const signing_algorithms[] = { "ES256", "RS256", "PS256", "EdDSA", NULL };

struct signing_key {
	EVP_PKEY *pkey;
	EVP_MD_CTX *ready; /* set up to sign; each signature starts from a copy */
	enum signing_algorithm algorithm;
	bool able;
	struct buffer jwk;
	char kid[KID_ROOM];
};

static bool
openssl_failed(struct err *reterr, const char *what)
{
	char text[128];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(reterr, "%s: %s", what, text);
}

/* --- what is public --- */

static void
add_base64url(struct buffer *out, const unsigned char *bytes, size_t len)
{
	char text[BASE64URL_ENCODED(SIGNING_BYTES)];

	buffer_add(out, (struct span){ text,
			    base64url_encode((struct span){ (const char *)bytes, len }, text) });
}

/* RFC 7518 sections 6.2.1.2 (at full length) and 6.3.1.1 (no zero in front). */
static bool
add_number(const EVP_PKEY *pkey, const char *name, size_t fixed, struct buffer *out)
{
	unsigned char bytes[SIGNING_BYTES];
	BIGNUM *number = NULL;
	int len = 0;

	if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
	    BN_num_bytes(number) <= (int)(fixed > 0 ? fixed : sizeof(bytes)))
		len =
		    fixed > 0 ? BN_bn2binpad(number, bytes, (int)fixed) : BN_bn2bin(number, bytes);
	BN_free(number);
	if (len <= 0)
		return false;
	add_base64url(out, bytes, (size_t)len);
	return true;
}

static bool
add_raw(const EVP_PKEY *pkey, struct buffer *out)
{
	unsigned char bytes[FIELD_BYTES];
	size_t len = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) != 1)
		return false;
	add_base64url(out, bytes, len);
	return true;
}

/* The members that RFC 7638 section 3.2 and RFC 8037 section 2 require, in their order. */
static bool
add_members(const struct signing_key *key, struct buffer *out)
{
	bool done;

	switch (key->algorithm) {
	case SIGNING_ES256:
		buffer_add_text(out, "\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
		done = add_number(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, FIELD_BYTES, out);
		buffer_add_text(out, "\",\"y\":\"");
		done = done && add_number(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, FIELD_BYTES, out);
		break;
	case SIGNING_EDDSA:
		buffer_add_text(out, "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
		done = add_raw(key->pkey, out);
		break;
	default:
		buffer_add_text(out, "\"e\":\"");
		done = add_number(key->pkey, OSSL_PKEY_PARAM_RSA_E, 0, out);
		buffer_add_text(out, "\",\"kty\":\"RSA\",\"n\":\"");
		done = done && add_number(key->pkey, OSSL_PKEY_PARAM_RSA_N, 0, out);
	}
	buffer_add_text(out, "\"");
	return done && !out->failed;
}

static bool
describe(struct signing_key *key)
{
	unsigned char sum[DIGEST_BYTES];
	struct buffer members, whole;
	bool done;

	buffer_init(&members, 4096);
	buffer_init(&whole, 4096);
	done = add_members(key, &members);
	buffer_format(&whole, "{%.*s}", SPAN_ARG(buffer_span(&members)));
	done = done && !whole.failed && digest_sha256(buffer_span(&whole), sum);
	if (done) {
		key->kid[base64url_encode(
		    (struct span){ (const char *)sum, sizeof(sum) }, key->kid)] = 0;
		buffer_format(&key->jwk, "{%.*s,\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\"}",
		    SPAN_ARG(buffer_span(&members)), signing_algorithms[key->algorithm], key->kid);
	}
	buffer_done(&members);
	buffer_done(&whole);
	return done && !key->jwk.failed;
}

/* --- its kind --- */

/* NULL: it is. */
static const char *
wrong_kind(const EVP_PKEY *pkey, enum signing_algorithm algorithm)
{
	char group[32] = "";
	size_t len;

	switch (algorithm) {
	case SIGNING_ES256:
		if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
		    EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1 ||
		    strcmp(group, "prime256v1") != 0)
			return "not a key on P-256";
		return NULL;
	case SIGNING_EDDSA:
		return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519 ? NULL
								      : "not a key on Ed25519";
	default:
		if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
		    EVP_PKEY_get_bits(pkey) < RSA_MIN || EVP_PKEY_get_bits(pkey) > RSA_MAX)
			return "not an RSA key of 2048 to 4096 bits";
		return NULL;
	}
}

static bool
make_ready(struct signing_key *key)
{
	EVP_PKEY_CTX *context = NULL; /* lent by `ready` */
	const EVP_MD *digest = key->algorithm == SIGNING_EDDSA ? NULL : EVP_sha256();

	key->ready = EVP_MD_CTX_new();
	if (key->ready == NULL ||
	    EVP_DigestSignInit(key->ready, &context, digest, NULL, key->pkey) != 1)
		return false;
	/* RFC 7518 section 3.5: the salt is as long as the digest. */
	return key->algorithm != SIGNING_PS256 ||
	       (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
		   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* taken: `pkey`, also on failure. */
static bool
finish(EVP_PKEY *pkey, struct signing_key like, struct signing_key **ret_key, struct err *reterr)
{
	const char *wrong = wrong_kind(pkey, like.algorithm);
	struct signing_key *key = wrong != NULL ? NULL : malloc(sizeof(*key));

	if (key == NULL) {
		EVP_PKEY_free(pkey);
		return err_set(reterr, "%s", wrong != NULL ? wrong : "no memory");
	}
	*key = like;
	key->pkey = pkey;
	buffer_init(&key->jwk, 4096);
	if (!describe(key) || (key->able && !make_ready(key))) {
		signing_key_free(key);
		return openssl_failed(reterr, "the key cannot be used");
	}
	*ret_key = key;
	return true;
}

/* --- making, reading, writing --- */

static bool
make_one(enum signing_algorithm algorithm, struct signing_key **ret_key, struct err *reterr)
{
	struct signing_key like = { .algorithm = algorithm, .able = true };
	EVP_PKEY *pkey;

	if (algorithm == SIGNING_ES256)
		pkey = EVP_EC_gen("P-256");
	else if (algorithm == SIGNING_EDDSA)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pkey = EVP_RSA_gen(RSA_MIN);
	if (pkey == NULL)
		return openssl_failed(reterr, "no new key can be made");
	return finish(pkey, like, ret_key, reterr);
}

/* A KID is a digest, so one that would be an option on a command line means another key. */
bool
signing_key_make(enum signing_algorithm algorithm, struct signing_key **ret_key, struct err *reterr)
{
	struct signing_key *key = NULL;

	do {
		signing_key_free(key);
		key = NULL;
		if (!make_one(algorithm, &key, reterr))
			return false;
	} while (signing_key_kid(key)[0] == '-');
	*ret_key = key;
	return true;
}

/* Never ask for a pass phrase, which would block a daemon: encrypted keys cannot be read. */
static int
no_pass_phrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

bool
signing_key_read(struct span pem, enum signing_algorithm algorithm, struct signing_key **ret_key,
    struct err *reterr)
{
	struct signing_key like = { .algorithm = algorithm };
	BIO *bio = pem.len > PEM_MAX ? NULL : BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *pkey = NULL;

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	like.able = pkey != NULL;
	if (pkey == NULL && bio != NULL && BIO_reset(bio) == 1)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL);
	BIO_free(bio);
	if (pkey == NULL)
		return openssl_failed(reterr, "not a private key in PEM");
	ERR_clear_error();
	return finish(pkey, like, ret_key, reterr);
}

bool
signing_key_pem(
    const struct signing_key *key, bool is_private, struct buffer *pem, struct err *reterr)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;
	int done = 0;

	if (bio != NULL && is_private)
		done = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL);
	else if (bio != NULL)
		done = PEM_write_bio_PUBKEY(bio, key->pkey);
	if (done == 1)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0) {
		buffer_add(pem, (struct span){ text, (size_t)len });
		digest_wipe(text, (size_t)len);
	}
	BIO_free(bio);
	return (len > 0 && !pem->failed) || openssl_failed(reterr, "the key cannot be written");
}

void
signing_key_free(struct signing_key *key)
{
	if (key == NULL)
		return;
	EVP_MD_CTX_free(key->ready);
	EVP_PKEY_free(key->pkey); /* OpenSSL wipes what is private */
	buffer_done(&key->jwk);
	free(key);
}

/* --- use --- */

const char *
signing_key_kid(const struct signing_key *key)
{
	return key->kid;
}

enum signing_algorithm
signing_key_algorithm(const struct signing_key *key)
{
	return key->algorithm;
}

bool
signing_key_able(const struct signing_key *key)
{
	return key->able;
}

struct span
signing_key_jwk(const struct signing_key *key)
{
	return buffer_span(&key->jwk);
}

/* DER to R and S at their full length (RFC 7518 section 3.4). */
static bool
der_to_raw(const unsigned char *der, size_t len, unsigned char *raw, size_t *ret_len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool done;

	done = sig != NULL &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, FIELD_BYTES) == FIELD_BYTES &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + FIELD_BYTES, FIELD_BYTES) == FIELD_BYTES;
	ECDSA_SIG_free(sig);
	*ret_len = (size_t)2 * FIELD_BYTES;
	return done;
}

bool
signing_key_sign(const struct signing_key *key, struct span input,
    unsigned char signature[SIGNING_BYTES], size_t *ret_len)
{
	EVP_MD_CTX *context = key->ready == NULL ? NULL : EVP_MD_CTX_new();
	const unsigned char *bytes = (const unsigned char *)input.at;
	unsigned char der[80];
	bool ecdsa = key->algorithm == SIGNING_ES256, done = false;
	size_t len = ecdsa ? sizeof(der) : SIGNING_BYTES;

	if (context != NULL && EVP_MD_CTX_copy_ex(context, key->ready) == 1 &&
	    EVP_DigestSign(context, ecdsa ? der : signature, &len, bytes, input.len) == 1) {
		*ret_len = len;
		done = !ecdsa || der_to_raw(der, len, signature, ret_len);
	}
	EVP_MD_CTX_free(context);
	if (!done)
		ERR_clear_error();
	return done;
}

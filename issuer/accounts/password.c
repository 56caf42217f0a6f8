/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/password.h"

#include <stdint.h>
#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/digits.h"

/* 32 MiB, three times over: as strong as OWASP's first choice with a quarter of its memory, since
 * strangers can make us use it. */
#define LOG_N 15u
#define BLOCK 8u
#define PARALLEL 3u

#define LOG_N_MAX 17u
#define BLOCK_MAX 8u
#define PARALLEL_MAX 12u

#define SALT_BYTES 16u
#define SUM_BYTES 32u
#define TEXT_MAX 64u /* base64 characters of a salt or a sum */

/* A hash, taken apart. */
struct parts {
	uint64_t log_n, block, parallel;
	unsigned char salt[BASE64URL_DECODED(TEXT_MAX)], sum[BASE64URL_DECODED(TEXT_MAX)];
	size_t salt_len, sum_len;
};

/* --- the work --- */

static bool
derive(const struct parts *parts, struct span password, unsigned char sum[SUM_BYTES])
{
	uint64_t n = UINT64_C(1) << parts->log_n, block = parts->block, parallel = parts->parallel;
	/* The memory that OpenSSL calculates: B, X, T and V. */
	uint64_t max = 128 * block * (n + parallel + 2) + 4096;
	char *secret = (char *)(password.at == NULL ? "" : password.at);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, secret, password.len),
		OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_SALT, (void *)parts->salt, parts->salt_len),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &block),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &parallel),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &max),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	bool done = ctx != NULL && EVP_KDF_derive(ctx, sum, SUM_BYTES, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

/* --- the text --- */

/* Standard base64 without padding, by way of its URL spelling. */
static bool
decode(struct span text, unsigned char *out, size_t *ret_len)
{
	char spelled[TEXT_MAX];
	size_t i;

	if (text.len > TEXT_MAX)
		return false;
	for (i = 0; i < text.len; i++) {
		if (text.at[i] == '-' || text.at[i] == '_')
			return false;
		spelled[i] = text.at[i] == '+' ? '-' : text.at[i] == '/' ? '_' : text.at[i];
	}
	return base64url_decode((struct span){ spelled, text.len }, out, ret_len);
}

static char *
encode(const unsigned char *bytes, size_t len, char *out)
{
	size_t i, written = base64url_encode((struct span){ (const char *)bytes, len }, out);

	for (i = 0; i < written; i++)
		out[i] = (char)(out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i]);
	return out + written;
}

/* "NAME=NUMBER" up to `end`, in one spelling only. */
static bool
cut_number(struct span *rest, struct span name, char end, uint64_t *ret_number)
{
	struct span digits;
	int64_t number;

	if (!span_starts(*rest, name) || !span_cut(rest, end, &digits))
		return false;
	digits = span_slice(digits, name.len, digits.len);
	if (span_starts(digits, SPAN("0")) || !digits_read(digits, 2, &number))
		return false;
	*ret_number = (uint64_t)number;
	return true;
}

static bool
split(struct span hash, struct parts *parts)
{
	static const struct span scheme = { "$scrypt$", 8 };
	struct span rest = hash, salt;

	if (hash.len >= PASSWORD_HASH_ROOM || !span_starts(hash, scheme))
		return false;
	rest = span_slice(hash, scheme.len, hash.len);
	if (!cut_number(&rest, SPAN("ln="), ',', &parts->log_n) ||
	    !cut_number(&rest, SPAN("r="), ',', &parts->block) ||
	    !cut_number(&rest, SPAN("p="), '$', &parts->parallel) || !span_cut(&rest, '$', &salt))
		return false;
	return parts->log_n <= LOG_N_MAX && parts->block <= BLOCK_MAX &&
	       parts->parallel <= PARALLEL_MAX && decode(salt, parts->salt, &parts->salt_len) &&
	       parts->salt_len >= 8 && rest.at != NULL &&
	       decode(rest, parts->sum, &parts->sum_len) && parts->sum_len == SUM_BYTES;
}

bool
password_hash(struct span password, char hash[PASSWORD_HASH_ROOM])
{
	struct parts parts = { LOG_N, BLOCK, PARALLEL, .salt_len = SALT_BYTES };
	char *at = hash;
	bool done = false;

	if (!digest_random(parts.salt, SALT_BYTES) || !derive(&parts, password, parts.sum))
		goto out;
	at +=
	    snprintf(hash, PASSWORD_HASH_ROOM, "$scrypt$ln=%u,r=%u,p=%u$", LOG_N, BLOCK, PARALLEL);
	at = encode(parts.salt, SALT_BYTES, at);
	*at++ = '$';
	at = encode(parts.sum, SUM_BYTES, at);
	*at = '\0';
	done = true;
out:
	digest_wipe(&parts, sizeof(parts));
	return done;
}

bool
password_right(const char *hash, struct span password, bool *ret_right)
{
	struct parts parts = { 0 };
	unsigned char sum[SUM_BYTES];
	bool known = split(span_of(hash), &parts), done;

	/* A dummy hash of zeros: no password is known for it, and the result is ignored anyway. */
	if (!known)
		parts = (struct parts){ LOG_N, BLOCK, PARALLEL, .salt_len = SALT_BYTES };
	done = derive(&parts, password, sum);
	if (done)
		*ret_right = digest_same((struct span){ (const char *)sum, SUM_BYTES },
				 (struct span){ (const char *)parts.sum, SUM_BYTES }) &&
			     known;
	digest_wipe(sum, sizeof(sum));
	digest_wipe(&parts, sizeof(parts));
	return done;
}

static uint64_t
work(const struct parts *parts)
{
	return (parts->block * parts->parallel) << parts->log_n;
}

bool
password_stale(const char *hash)
{
	struct parts parts = { 0 }, ours = { LOG_N, BLOCK, PARALLEL, .salt_len = 0 };

	return split(span_of(hash), &parts) && work(&parts) < work(&ours);
}

bool
password_hash_valid(struct span hash)
{
	struct parts parts = { 0 };

	return split(hash, &parts);
}

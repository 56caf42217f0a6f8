/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Of SHA-256 (FIPS 180-4). */
#define BLOCK_BYTES 64

/* Looking an algorithm up by name costs more than hashing a token, so it is done once. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static pthread_key_t ctx_key;
static bool has_ctx_key;

/* A context of the thread's own, given back when the thread ends. */
static _Thread_local EVP_MD_CTX *thread_ctx;

static void
free_thread_ctx(void *ctx)
{
	EVP_MD_CTX_free(ctx);
	thread_ctx = NULL;
}

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	has_ctx_key = pthread_key_create(&ctx_key, free_thread_ctx) == 0;
}

static EVP_MD_CTX *
ctx_of_thread(void)
{
	EVP_MD_CTX *ctx;

	if (thread_ctx != NULL)
		return thread_ctx;
	(void)pthread_once(&once, fetch);
	if (sha256 == NULL || !has_ctx_key)
		return NULL;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || pthread_setspecific(ctx_key, ctx) != 0) {
		EVP_MD_CTX_free(ctx);
		return NULL;
	}
	thread_ctx = ctx;
	return ctx;
}

bool
digest_sha256(struct span bytes, unsigned char out[DIGEST_BYTES])
{
	EVP_MD_CTX *ctx = ctx_of_thread();
	unsigned len = 0;

	return ctx != NULL && EVP_DigestInit_ex2(ctx, sha256, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, bytes.at, bytes.len) == 1 &&
	       EVP_DigestFinal_ex(ctx, out, &len) == 1 && len == DIGEST_BYTES;
}

/* SHA-256 of a block and of what follows it. */
static bool
hash_behind(const unsigned char block[BLOCK_BYTES], struct span bytes, unsigned char *out)
{
	EVP_MD_CTX *ctx = ctx_of_thread();
	unsigned len = 0;

	return ctx != NULL && EVP_DigestInit_ex2(ctx, sha256, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, block, BLOCK_BYTES) == 1 &&
	       EVP_DigestUpdate(ctx, bytes.at, bytes.len) == 1 &&
	       EVP_DigestFinal_ex(ctx, out, &len) == 1 && len == DIGEST_BYTES;
}

/* Written out as RFC 2104 section 2 has it: OpenSSL's EVP_MAC makes and frees a dozen objects for
 * each, which takes five times as long as the hashing. */
bool
digest_hmac(struct span key, struct span bytes, unsigned char out[DIGEST_BYTES])
{
	unsigned char block[BLOCK_BYTES] = { 0 }, inner[DIGEST_BYTES];
	bool done = true;
	size_t i;

	if (key.len > BLOCK_BYTES)
		done = digest_sha256(key, block);
	else if (key.len > 0)
		memcpy(block, key.at, key.len);
	for (i = 0; i < BLOCK_BYTES; i++)
		block[i] ^= 0x36;
	done = done && hash_behind(block, bytes, inner);
	for (i = 0; i < BLOCK_BYTES; i++)
		block[i] ^= 0x36 ^ 0x5c;
	done = done && hash_behind(block, (struct span){ (const char *)inner, sizeof(inner) }, out);
	digest_wipe(block, sizeof(block));
	digest_wipe(inner, sizeof(inner));
	return done;
}

bool
digest_random(void *out, size_t size_bytes)
{
	unsigned char *at = out;

	while (size_bytes > 0) {
		ssize_t got = getrandom(at, size_bytes, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		size_bytes -= (size_t)got;
	}
	return true;
}

bool
digest_same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}

void
digest_wipe(void *at, size_t size_bytes)
{
	if (at != NULL)
		OPENSSL_cleanse(at, size_bytes);
}

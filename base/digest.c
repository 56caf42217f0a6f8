/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Looking an algorithm up by name costs more than hashing a token, so it is done once. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_MAC *hmac;
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
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
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

/* The context is not kept for the next time: it holds the key. */
bool
digest_hmac(struct span key, struct span bytes, unsigned char out[DIGEST_BYTES])
{
	char name[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	/* A NULL key would mean "the key set before". */
	const char *key_at = key.at == NULL ? "" : key.at;
	EVP_MAC_CTX *ctx;
	size_t len = 0;
	bool done;

	(void)pthread_once(&once, fetch);
	ctx = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	done = ctx != NULL &&
	       EVP_MAC_init(ctx, (const unsigned char *)key_at, key.len, params) == 1 &&
	       EVP_MAC_update(ctx, (const unsigned char *)bytes.at, bytes.len) == 1 &&
	       EVP_MAC_final(ctx, out, &len, DIGEST_BYTES) == 1 && len == DIGEST_BYTES;
	EVP_MAC_CTX_free(ctx);
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

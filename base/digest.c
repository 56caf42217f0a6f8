/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Hashing state, one per thread, freed when the thread ends. Looking up an algorithm by name costs
 * more than hashing a token, and creating contexts costs five times as much. */
struct hashing {
	EVP_MD_CTX *digest;
	EVP_MAC_CTX *hmac;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_key_t thread_key;
static bool has_thread_key;
static _Thread_local struct hashing mine;

static void
free_mine(void *hashing)
{
	(void)hashing;
	EVP_MD_CTX_free(mine.digest);
	EVP_MAC_CTX_free(mine.hmac);
	mine = (struct hashing){ NULL, NULL };
}

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	has_thread_key = pthread_key_create(&thread_key, free_mine) == 0;
}

static bool
make_mine(void)
{
	char name[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};

	(void)pthread_once(&once, fetch);
	if (sha256 == NULL || hmac == NULL || !has_thread_key)
		return false;
	mine.digest = EVP_MD_CTX_new();
	mine.hmac = EVP_MAC_CTX_new(hmac);
	return mine.digest != NULL && mine.hmac != NULL &&
	       EVP_DigestInit_ex2(mine.digest, sha256, NULL) == 1 &&
	       EVP_MAC_CTX_set_params(mine.hmac, parameters) == 1 &&
	       pthread_setspecific(thread_key, &mine) == 0;
}

static bool
ready(void)
{
	if (mine.digest != NULL)
		return true;
	if (make_mine())
		return true;
	free_mine(&mine);
	return false;
}

bool
digest_sha256(struct span bytes, unsigned char out[DIGEST_BYTES])
{
	unsigned len = 0;

	/* NULL: the digest that the context has already, without another allocation */
	return ready() && EVP_DigestInit_ex2(mine.digest, NULL, NULL) == 1 &&
	       EVP_DigestUpdate(mine.digest, bytes.at, bytes.len) == 1 &&
	       EVP_DigestFinal_ex(mine.digest, out, &len) == 1 && len == DIGEST_BYTES;
}

bool
digest_hmac(struct span key, struct span bytes, unsigned char out[DIGEST_BYTES])
{
	/* OpenSSL takes NULL as "use the previous key". */
	const char *at = key.at == NULL ? "" : key.at;
	size_t len = 0;

	return ready() && EVP_MAC_init(mine.hmac, (const unsigned char *)at, key.len, NULL) == 1 &&
	       EVP_MAC_update(mine.hmac, (const unsigned char *)bytes.at, bytes.len) == 1 &&
	       EVP_MAC_final(mine.hmac, out, &len, DIGEST_BYTES) == 1 && len == DIGEST_BYTES;
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

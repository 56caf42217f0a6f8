/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_cache - names and passwords that were found right a short while ago, so that scrypt need
 * not be asked at each request. Never the password: a keyed hash whose key only this process has.
 *
 * Uses:   base.
 * Pure:   but for the random key of password_cache_new(): the time is an argument. Any thread; one
 * short lock. Limits: PASSWORD_CACHE_MAX credentials, each for PASSWORD_CACHE_S seconds.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_PASSWORD_CACHE_H
#define POSTERN_ISSUER_ACCOUNTS_PASSWORD_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/span.h"

#define PASSWORD_CACHE_MAX 8192
#define PASSWORD_CACHE_S 300

struct password_cache;

/* NULL: no memory, or no random bytes. password_cache_free() it. */
MUST_CHECK struct password_cache *password_cache_new(void);

/* Accepts NULL. */
void password_cache_free(struct password_cache *password_cache);

/* What is presented, and from where; borrowed. Neither name nor password holds a NUL. */
struct password_cache_text {
	struct span name, password;
	struct span peer; /* a credential found right from one peer is known from that one only:
			   * who guesses elsewhere meets the lock-out first */
};

/* Its keyed hash. False: OpenSSL failed. */
MUST_CHECK bool password_cache_digest(const struct password_cache *password_cache,
    const struct password_cache_text *text, unsigned char digest[DIGEST_BYTES]);

/* Until when is it known to be right, against this very hash of the user's? 0: it is not known. A
 * changed password is another hash, so nothing has to be dropped. */
int64_t password_cache_until(struct password_cache *password_cache,
    const unsigned char digest[DIGEST_BYTES], const char *hash, int64_t now_s);

/* It was found right against that hash. */
void password_cache_put(struct password_cache *password_cache,
    const unsigned char digest[DIGEST_BYTES], const char *hash, int64_t now_s);

#endif

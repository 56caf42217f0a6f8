/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_cache - credentials that were right recently, so that scrypt need not run at each
 * request. It stores no passwords, only keyed hashes whose key is known to this process alone.
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
	struct span peer; /* credentials are cached for one peer only: guesses from elsewhere are
			   * subject to the lock-out */
};

/* Its keyed hash. False: OpenSSL failed. */
MUST_CHECK bool password_cache_digest(const struct password_cache *password_cache,
    const struct password_cache_text *text, unsigned char digest[DIGEST_BYTES]);

/* Until when are they known to be right for this hash of the user? 0: not known. A changed password
 * has a different hash, so no entry needs to be removed. */
int64_t password_cache_until(struct password_cache *password_cache,
    const unsigned char digest[DIGEST_BYTES], const char *hash, int64_t now_s);

/* Record that they are right for that hash. */
void password_cache_put(struct password_cache *password_cache,
    const unsigned char digest[DIGEST_BYTES], const char *hash, int64_t now_s);

#endif

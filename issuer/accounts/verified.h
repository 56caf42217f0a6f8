/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verified - names and passwords that were found right a short while ago, so that scrypt need not
 * be asked at each request. Never the password: a keyed hash whose key only this process has.
 *
 * Uses:   base.
 * Pure:   but for the random key of verified_new(): the time is an argument. Any thread; one short
 *         lock.
 * Limits: VERIFIED_MOST credentials, each for VERIFIED_S seconds.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_VERIFIED_H
#define POSTERN_ISSUER_ACCOUNTS_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/span.h"

#define VERIFIED_MOST 8192
#define VERIFIED_S 300

struct verified;

/* NULL: no memory, or no random bytes. verified_free() it. */
MUST_CHECK struct verified *verified_new(void);

/* Accepts NULL. */
void verified_free(struct verified *verified);

/* What is presented, and from where; borrowed. Neither name nor password holds a NUL. */
struct verified_text {
	struct span name, password;
	struct span peer; /* a credential found right from one peer is known from that one only:
			   * who guesses elsewhere meets the lock-out first */
};

/* Its keyed hash. False: OpenSSL failed. */
MUST_CHECK bool verified_digest(const struct verified *verified, const struct verified_text *text,
    unsigned char digest[DIGEST_BYTES]);

/* Until when is it known to be right, against this very hash of the user's? 0: it is not known. A
 * changed password is another hash, so nothing has to be dropped. */
int64_t verified_until(struct verified *verified, const unsigned char digest[DIGEST_BYTES],
    const char *hash, int64_t now_s);

/* It was found right against that hash. */
void verified_put(struct verified *verified, const unsigned char digest[DIGEST_BYTES],
    const char *hash, int64_t now_s);

#endif

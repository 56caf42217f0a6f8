/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - check a user's password, with limits on the work: by a cache of right passwords, by the
 * lock-out, and by how many are hashed at a time.
 *
 * Uses:   base, lockout, memory, password, password_cache.
 * Shell:  waits for other threads, never for anything outside.
 * Threads: any. login_known() and login_digest() never wait; login_check() does.
 * Limits: half as many passwords are hashed at a time as there are processors, one at least and
 *         LOGIN_AT_ONCE at most, each in PASSWORD_BYTES of memory: guessing cannot take more than
 *         that from known users. LOGIN_UNDER_WAY are hashed or wait for it, LOGIN_STRANGERS_MAX of
 *         them for names and peers that were not right before, and LOGIN_PEER_MAX for those of one
 *         peer; further ones are refused. Simultaneous requests with the same credentials share one
 *         result.
 *
 * Users who were right before from the same peer go first; then peers take turns; peers that failed
 * too often come last. So guesses neither delay nor displace known users, and a new password waits
 * for LOGIN_PEER_MAX hashings at worst.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_LOGIN_H
#define POSTERN_ISSUER_ACCOUNTS_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/span.h"
#include "issuer/accounts/lockout.h"
#include "issuer/accounts/memory.h"
#include "issuer/accounts/password.h"

#define LOGIN_AT_ONCE 4
#define LOGIN_UNDER_WAY 64u
#define LOGIN_STRANGERS_MAX 48u
#define LOGIN_PEER_MAX 32u

struct login;

/* The credentials and the peer; borrowed. No part contains a NUL. */
struct login_attempt {
	struct span name, password, peer;
	unsigned char digest[DIGEST_BYTES]; /* login_digest() fills it in */
	const char *hash;                   /* of the user; NULL: there is none who may log in */
	int64_t mono_s;                     /* clock_mono_s() */
};

enum login_found {
	LOGIN_RIGHT,
	LOGIN_WRONG,
	LOGIN_LOCKED, /* wait; whether it was right is not disclosed */
	LOGIN_BUSY    /* too many at a time, or no memory: not checked */
};

/* `memory` is borrowed until login_free(). NULL: no memory. */
MUST_CHECK struct login *login_new(struct memory *memory, const struct lockout_rules *rules);

/* When no thread uses it any more. Accepts NULL. */
void login_free(struct login *login);

/* The keyed hash of the credentials. False: OpenSSL failed, or they are too long to be valid. */
MUST_CHECK bool login_digest(const struct login *login, struct login_attempt *attempt);

/*
 * Until when (clock_mono_s()) do the credentials count as right without another check? 0: they must
 * be checked, as always when the user's hash has changed or the caller is locked out.
 */
int64_t login_known(struct login *login, const struct login_attempt *attempt);

/* Is it certain that nobody is locked out? Then an earlier result of login_known() is still
 * valid. */
bool login_quiet(const struct login *login, int64_t mono_s);

struct login_outcome {
	int64_t wait_s; /* seconds to wait before a retry: always with LOGIN_LOCKED, with
			 * LOGIN_WRONG when this failure caused a lock-out; else 0 */
	bool shared;    /* another request checked the same credentials, and acts on the result */
};

/* Check the credentials. The work is the same whether or not the user exists. */
MUST_CHECK enum login_found login_check(
    struct login *login, const struct login_attempt *attempt, struct login_outcome *ret_outcome);

/* Hash a password anew that login_check() just found right, when it is its turn; the credentials
 * count as right for the new hash as well. False: no memory, or no random bytes. */
MUST_CHECK bool login_rehash(
    struct login *login, const struct login_attempt *attempt, char hash[PASSWORD_HASH_ROOM]);

#endif

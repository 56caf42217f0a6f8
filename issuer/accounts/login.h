/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - is this the user's password? The work of asking, bounded: by what is known already, by
 * the lock-out, and by how many may be asked at a time.
 *
 * Uses:   base, lockout, memory, password, password_cache.
 * Shell:  waits for other threads, never for anything outside.
 * Threads: any. login_known() and login_digest() never wait; login_check() does.
 * Limits: half as many passwords are hashed at a time as there are processors, one at least and
 *         LOGIN_AT_ONCE at most, each in PASSWORD_BYTES of memory: who guesses takes no more from
 *         those who are known. LOGIN_UNDER_WAY are hashed or wait for it, LOGIN_STRANGERS_MAX of
 *         them for names and peers that were not right before, and LOGIN_PEER_MAX for those of
 *         one peer; whoever comes then is turned away. Requests that present the same at the same
 *         time share one answer.
 *
 * Who was right before from there goes first; then peers take turns; last come those whose peer
 * has failed too often. So guesses neither starve nor refuse whoever is known, and a password that
 * is presented for the first time waits for LOGIN_PEER_MAX hashings at the worst.
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

/* What is presented, where from; borrowed. No part holds a NUL. */
struct login_attempt {
	struct span name, password, peer;
	unsigned char digest[DIGEST_BYTES]; /* login_digest() fills it in */
	const char *hash;                   /* of the user; NULL: there is none who may log in */
	int64_t mono_s;                     /* clock_mono_s() */
};

enum login_found {
	LOGIN_RIGHT,
	LOGIN_WRONG,
	LOGIN_LOCKED, /* wait; it is not told whether it was right */
	LOGIN_BUSY    /* too many at a time, or no memory: nothing is known */
};

/* `memory` is borrowed until login_free(). NULL: no memory. */
MUST_CHECK struct login *login_new(struct memory *memory, const struct lockout_rules *rules);

/* When no thread uses it any more. Accepts NULL. */
void login_free(struct login *login);

/* The keyed hash of what is presented. False: OpenSSL failed, or it is too long for anybody. */
MUST_CHECK bool login_digest(const struct login *login, struct login_attempt *attempt);

/*
 * Until when (clock_mono_s()) does what is presented count as right, without asking again? 0: it
 * must be asked. A hash that is not the one it was found right against must be, and so must whoever
 * is locked out.
 */
int64_t login_known(struct login *login, const struct login_attempt *attempt);

/* Is it certain that nobody is locked out? Then what login_known() said before still holds. */
bool login_quiet(const struct login *login, int64_t mono_s);

struct login_outcome {
	int64_t wait_s; /* nobody should come again so long: with LOGIN_LOCKED always, with
			   LOGIN_WRONG when this failure brought about a lock-out; else 0 */
	bool shared;    /* somebody else asked the same, and does what follows from it */
};

/* Ask. The work is the same whether the user exists. */
MUST_CHECK enum login_found login_check(
    struct login *login, const struct login_attempt *attempt, struct login_outcome *ret_outcome);

/* A new hash of a password that login_check() just found right, when it is its turn; what is
 * presented is known to be right against that one, too. False: no memory, or no random bytes. */
MUST_CHECK bool login_rehash(
    struct login *login, const struct login_attempt *attempt, char hash[PASSWORD_HASH_ROOM]);

#endif

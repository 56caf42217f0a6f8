/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked - all revocations in memory, to be asked by every request that is not known already.
 *
 * Uses:   base, revocation.
 * Pure:   yes (allocates).
 * Threads: revoked_has() from any, between epoch_enter() and epoch_leave(), without a lock; adding
 *         by one thread at a time.
 */
#ifndef POSTERN_ISSUER_REVOKED_H
#define POSTERN_ISSUER_REVOKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/revocation.h"

struct revoked;

/* NULL: no memory. revoked_free() it. */
MUST_CHECK struct revoked *revoked_new(void);

/* When nobody asks any more. Accepts NULL. */
void revoked_free(struct revoked *revoked);

/* Add one; those whose time is over at `now_s` may be forgotten on the way. */
MUST_CHECK bool revoked_add(struct revoked *revoked, const struct revocation *revocation,
    int64_t now_s, struct err *reterr);

/* A token, as it says of itself. at == NULL: it does not say. */
struct revoked_question {
	struct span issuer, jti, client, subject;
	int64_t issued_s; /* `iat` */
	bool has_issued;
};

/* Was it revoked? A token that does not say when it was issued is older than any date. */
bool revoked_has(const struct revoked *revoked, const struct revoked_question *question);

#endif

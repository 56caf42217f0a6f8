/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked - all revocations in memory, checked for every request whose caller is not cached.
 *
 * Uses:   base, revocation.
 * Pure:   yes (allocates).
 * Threads: revoked_has() from any, without a lock; adding by one thread at a time.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_REVOKED_H
#define POSTERN_ISSUER_ACCOUNTS_REVOKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/model/revocation.h"

struct revoked;

/* NULL: no memory. One reference: revoked_unref() drops it. */
MUST_CHECK struct revoked *revoked_new(void);

/* Add a reference. Returns its argument. */
struct revoked *revoked_ref(struct revoked *revoked);

/* Drop a reference; the last one frees it. Accepts NULL. */
void revoked_unref(struct revoked *revoked);

/* Add one; those that had expired at `now_s` may be dropped. When the table is full, *revoked is
 * replaced and the reference to the old one is dropped; whoever else holds the old one may miss
 * later additions. */
MUST_CHECK bool revoked_add(struct revoked **revoked, const struct revocation *revocation,
    int64_t now_s, struct err *reterr);

/* Was it revoked? A token without an issue time counts as older than any date. */
bool revoked_has(const struct revoked *revoked, const struct revoked_question *question);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked - which tokens count no more: a set that only grows, read without a lock.
 *
 * Uses:   revocation, base.
 * Pure:   but for the random seed of revoked_new(). Many readers, one writer at a time; readers
 *         need no epoch, since nothing that they can reach is ever freed before revoked_free().
 */
#ifndef POSTERN_ISSUER_REVOKED_H
#define POSTERN_ISSUER_REVOKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "issuer/revocation.h"

struct revoked;

/* A token, in so far as it can be revoked. What it does not have has at == NULL. */
struct revoked_question {
	struct span issuer, jti, client, subject;
	int64_t issued_s;
	bool has_issued; /* one without `iat` counts as issued before anything */
};

/* NULL: no memory, or no random bytes. */
MUST_CHECK struct revoked *revoked_new(void);

/* When nobody reads any more. Accepts NULL; its type is that of epoch_retire()'s argument. */
void revoked_free(void *revoked);

/* False: no memory. Of two for the same the later time counts. */
MUST_CHECK bool revoked_add(struct revoked *revoked, const struct revocation *revocation);

/* Was it? */
bool revoked_has(const struct revoked *revoked, const struct revoked_question *question);

/* How many there are. */
size_t revoked_count(const struct revoked *revoked);

#endif

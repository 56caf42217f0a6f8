/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke_write - write a revocation to the store, from within a gate.
 *
 * Uses:   store_sync, revocation.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_REVOKE_WRITE_H
#define POSTERN_ISSUER_ACCOUNTS_REVOKE_WRITE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/model/revocation.h"
#include "issuer/accounts/store_sync.h"

/* Revoke: in force in this gate on return. *ret_new is false if it was already revoked.
 * Waits for the database. */
MUST_CHECK bool revoke_write(struct store_sync *sync, const struct revocation *revocation,
    bool *ret_new, struct err *reterr);

#endif

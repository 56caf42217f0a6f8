/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke_write - write a revocation down, from within a gate.
 *
 * Uses:   watch, revocation.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_REVOKE_WRITE_H
#define POSTERN_ISSUER_ACCOUNTS_REVOKE_WRITE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/model/revocation.h"
#include "issuer/accounts/watch.h"

/* Revoke; in force in this gate when it returns. *ret_new is false when it was revoked already.
 * Waits for the database. */
MUST_CHECK bool revoke_write(
    struct watch *watch, const struct revocation *revocation, bool *ret_new, struct err *reterr);

#endif

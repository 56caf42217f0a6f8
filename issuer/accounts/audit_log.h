/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_log - log lines for changes to the store by any process.
 *
 * Uses:   log, revocation, store.
 * Shell:  the database, the log.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_AUDIT_LOG_H
#define POSTERN_ISSUER_ACCOUNTS_AUDIT_LOG_H

#include "base/check.h"
#include "issuer/model/revocation.h"
#include "issuer/store/store.h"

/* Log the changes after number `after`, oldest first. */
MUST_CHECK bool audit_log(struct store *store, int64_t after, struct err *reterr);

/* Log a revocation (event=revoked): what, whose, up to when, and by whom. */
void audit_log_revoked(const struct revocation *revocation);

#endif

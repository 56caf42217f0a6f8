/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_log - the audit line of a revocation.
 *
 * Uses:   revocation, base.
 * Shell:  the log.
 */
#ifndef POSTERN_ISSUER_REVOCATION_LOG_H
#define POSTERN_ISSUER_REVOCATION_LOG_H

#include "issuer/revocation.h"

/* Write event=revoked with what, whose, up to when, and by whom. */
void revocation_log(const struct revocation *revocation);

#endif

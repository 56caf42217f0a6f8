/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - the one log line of a request.
 *
 * Uses:   transaction, base (log).
 * Shell:  writes to standard output.
 */
#ifndef POSTERN_PROXY_GATE_ACCESS_H
#define POSTERN_PROXY_GATE_ACCESS_H

#include "proxy/gate/transaction.h"

/* Write the line. Keys are in the order of the manual; a key without a value is left out. */
void access_log(const struct transaction *transaction, int64_t duration_us);

#endif

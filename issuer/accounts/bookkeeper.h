/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bookkeeper - a thread that writes to the store what nobody waits for: when secrets were last
 * used.
 *
 * Uses:   used, watch.
 * Shell:  one thread, the store by way of the watch.
 * Limits: BOOKKEEPER_AT_ONCE uses a round, a round every BOOKKEEPER_EVERY_S: what is more waits. A
 *         store that is away loses the uses of that time, not those after it.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_BOOKKEEPER_H
#define POSTERN_ISSUER_ACCOUNTS_BOOKKEEPER_H

#include "base/check.h"
#include "base/err.h"
#include "issuer/accounts/used.h"
#include "issuer/accounts/watch.h"

#define BOOKKEEPER_EVERY_S 10
#define BOOKKEEPER_AT_ONCE 256

struct bookkeeper;

/* used, watch  borrowed: must outlive it. */
MUST_CHECK bool bookkeeper_start(
    struct used *used, struct watch *watch, struct bookkeeper **ret_bookkeeper, struct err *reterr);

/* Write down what waits, and end the thread. Accepts NULL. */
void bookkeeper_stop(struct bookkeeper *bookkeeper);

#endif

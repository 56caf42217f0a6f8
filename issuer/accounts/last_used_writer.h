/* SPDX-License-Identifier: Apache-2.0 */
/*
 * last_used_writer - a thread that writes to the store, in the background, when secrets were last
 * used.
 *
 * Uses:   last_used, store_sync.
 * Shell:  one thread, the store through store_sync.
 * Limits: LAST_USED_WRITER_AT_ONCE uses a round, a round every LAST_USED_WRITER_EVERY_S: the rest
 *         waits. While the store is unreachable, uses are lost, but later ones are not.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_LAST_USED_WRITER_H
#define POSTERN_ISSUER_ACCOUNTS_LAST_USED_WRITER_H

#include "base/check.h"
#include "base/err.h"
#include "issuer/accounts/last_used.h"
#include "issuer/accounts/store_sync.h"

#define LAST_USED_WRITER_EVERY_S 10
#define LAST_USED_WRITER_AT_ONCE 256

struct last_used_writer;

/* used, watch  borrowed: must outlive it. */
MUST_CHECK bool last_used_writer_start(struct last_used *last_used, struct store_sync *sync,
    struct last_used_writer **ret_writer, struct err *reterr);

/* Write what is waiting, and end the thread. Accepts NULL. */
void last_used_writer_stop(struct last_used_writer *writer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync_writer - the connection that a gate writes with, one change at a time.
 *
 * Uses:   base, store, store_sync_away.
 * Shell:  the database.
 * Threads: any.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_WRITER_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"
#include "issuer/accounts/store_sync.h"
#include "issuer/accounts/store_sync_away.h"

struct store_sync_writer {
	pthread_mutex_t lock; /* held while writing; guards `store` */
	struct store *store;  /* opened for the first change */
	const char *database; /* borrowed */
	struct store_sync_away *away;
};

/* Opens nothing yet. Both are borrowed. */
void store_sync_writer_init(
    struct store_sync_writer *writer, const char *database, struct store_sync_away *away);
/* Close its store, if it opened one. */
void store_sync_writer_done(struct store_sync_writer *writer);

/* Make the change; refused at once while the database is away. Waits for other writers, five
 * seconds at most, and for a server seven per statement. */
MUST_CHECK bool store_sync_writer_write(
    struct store_sync_writer *writer, const struct store_sync_change *change, struct err *reterr);

#endif

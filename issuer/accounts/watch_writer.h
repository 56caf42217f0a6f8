/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_writer - the connection that a gate writes with, one change at a time.
 *
 * Uses:   base, store, watch_away.
 * Shell:  the database.
 * Threads: any.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_WATCH_WRITER_H
#define POSTERN_ISSUER_ACCOUNTS_WATCH_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"
#include "issuer/accounts/watch.h"
#include "issuer/accounts/watch_away.h"

struct watch_writer {
	pthread_mutex_t lock; /* held while writing; guards `store` */
	struct store *store;  /* opened for the first change */
	const char *database; /* borrowed */
	struct watch_away *away;
};

/* Opens nothing yet. Both are borrowed. */
void watch_writer_init(struct watch_writer *writer, const char *database, struct watch_away *away);
/* Close its store, if it opened one. */
void watch_writer_done(struct watch_writer *writer);

/* Make the change; refused at once while the database is away. Waits for other writers, five
 * seconds at most, and for a server seven per statement. */
MUST_CHECK bool watch_writer_write(
    struct watch_writer *writer, const struct watch_change *change, struct err *reterr);

#endif

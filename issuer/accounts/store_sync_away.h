/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync_away - whether the database can be read, since when not, and why.
 *
 * Uses:   base.
 * Shell:  the clock, the log.
 * Threads: any.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_AWAY_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_AWAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store_sync_away {
	pthread_mutex_t lock; /* guards the others; nothing is taken within */
	struct err reported;  /* the trouble last logged, so that it is logged once */
	int64_t since_us;     /* 0: it can be read */
};

/* Begin: the database is assumed to be readable. */
void store_sync_away_init(struct store_sync_away *away);
/* Release what it holds. */
void store_sync_away_done(struct store_sync_away *away);

/* Note that it was read, or why it could not be; a change is logged. */
void store_sync_away_tell(struct store_sync_away *away, bool well, const struct err *err);

/* As store_sync_away_s(). */
int64_t store_sync_away_seconds(struct store_sync_away *away, struct err *ret_why);

#endif

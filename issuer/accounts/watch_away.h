/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_away - whether the database can be read, since when not, and why.
 *
 * Uses:   base.
 * Shell:  the clock, the log.
 * Threads: any.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_WATCH_AWAY_H
#define POSTERN_ISSUER_ACCOUNTS_WATCH_AWAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct watch_away {
	pthread_mutex_t lock; /* guards the others; nothing is taken within */
	struct err told;      /* the trouble last logged, so that it is logged once */
	int64_t since_us;     /* 0: it can be read */
};

/* It can be read, as far as is known. */
void watch_away_init(struct watch_away *away);
/* Release what it holds. */
void watch_away_done(struct watch_away *away);

/* It was read, or it was not, for the reason `err`: logged when it is news. */
void watch_away_tell(struct watch_away *away, bool well, const struct err *err);

/* As watch_away_s(). */
int64_t watch_away_seconds(struct watch_away *away, struct err *ret_why);

#endif

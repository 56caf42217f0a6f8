/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync_news - pending notifications of a database server: the thread handles them, and
 * requests that depend on them wait for a limited time.
 *
 * Uses:   base.
 * Shell:  the connection's descriptor, a condition.
 * Threads: any.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_NEWS_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_NEWS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/worker.h"

/* The longest that a request waits for a read in progress; then it goes on with what is loaded. */
#define STORE_SYNC_PATIENCE_US INT64_C(1000000)

struct store_sync_news {
	pthread_mutex_t lock;  /* guards the next three; nothing is taken within */
	pthread_cond_t read;   /* something was */
	struct worker *reader; /* reads it; NULL: nobody does */
	int64_t since_us;      /* it is being read since; 0: not now */
	_Atomic int fd;        /* of the store's connection; -1: none */
};

/* Begin without a reader. fd  borrowed. */
void store_sync_news_init(struct store_sync_news *news, int fd);
/* Release what it holds; nobody may be waiting. */
void store_sync_news_done(struct store_sync_news *news);

/* Set the worker to wake for reading, borrowed; NULL: none. */
void store_sync_news_reader(struct store_sync_news *news, struct worker *reader);

/* Is a notification pending? */
bool store_sync_news_waits(const struct store_sync_news *news);

/* The thread is about to read, or is done. */
void store_sync_news_reading(struct store_sync_news *news, bool reading);

/* Wait until the notifications received so far are handled: STORE_SYNC_PATIENCE_US at most since
 * the thread began to read, and not at all without a reader. */
void store_sync_news_await(struct store_sync_news *news);

#endif

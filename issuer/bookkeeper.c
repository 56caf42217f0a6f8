/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/bookkeeper.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

struct bookkeeper {
	struct used *used;
	struct watch *watch;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool stopping;
	bool failed; /* said already */
};

static bool
write_use(struct store *store, void *context, struct err *reterr)
{
	const struct use *use = context;

	return store_used(store, use->client_id, use->slot, use->when_s, reterr);
}

/* Trouble is told once, until it is over: the watch tells of the store itself. */
static void
tell(struct bookkeeper *bookkeeper, bool well, const struct err *err)
{
	if (!well && !bookkeeper->failed)
		log_event(LOG_WARN, "bookkeeping_failed",
		    "last uses of secrets are not written down: %s", err->text);
	bookkeeper->failed = !well;
}

static void
write_round(struct bookkeeper *bookkeeper)
{
	struct err err = { "" };
	struct use use;
	bool well = true;
	int i;

	for (i = 0; well && i < BOOKKEEPER_AT_ONCE && used_take(bookkeeper->used, &use); i++) {
		struct watch_change change = { write_use, &use };

		well = watch_change(bookkeeper->watch, &change, &err);
	}
	if (i > 0)
		tell(bookkeeper, well, &err);
}

/* False: the thread is to end. */
static bool
rest(struct bookkeeper *bookkeeper)
{
	int64_t until_us = clock_mono_us() + BOOKKEEPER_EVERY_S * INT64_C(1000000);
	int64_t left_us = until_us - clock_mono_us();
	bool stopping;

	(void)pthread_mutex_lock(&bookkeeper->lock);
	while (!bookkeeper->stopping && left_us > 0) {
		thread_wait_us(&bookkeeper->woken, &bookkeeper->lock, left_us);
		left_us = until_us - clock_mono_us();
	}
	stopping = bookkeeper->stopping;
	(void)pthread_mutex_unlock(&bookkeeper->lock);
	return !stopping;
}

static void *
run(void *context)
{
	struct bookkeeper *bookkeeper = context;

	while (rest(bookkeeper))
		write_round(bookkeeper);
	write_round(bookkeeper);
	return NULL;
}

bool
bookkeeper_start(
    struct used *used, struct watch *watch, struct bookkeeper **ret_bookkeeper, struct err *reterr)
{
	struct bookkeeper *bookkeeper = calloc(1, sizeof(*bookkeeper));

	if (bookkeeper == NULL)
		return err_set(reterr, "no memory");
	bookkeeper->used = used;
	bookkeeper->watch = watch;
	(void)pthread_mutex_init(&bookkeeper->lock, NULL);
	thread_cond_init(&bookkeeper->woken);
	if (!thread_start(&bookkeeper->thread, run, bookkeeper, reterr)) {
		(void)pthread_cond_destroy(&bookkeeper->woken);
		(void)pthread_mutex_destroy(&bookkeeper->lock);
		free(bookkeeper);
		return false;
	}
	*ret_bookkeeper = bookkeeper;
	return true;
}

void
bookkeeper_stop(struct bookkeeper *bookkeeper)
{
	if (bookkeeper == NULL)
		return;
	(void)pthread_mutex_lock(&bookkeeper->lock);
	bookkeeper->stopping = true;
	(void)pthread_cond_broadcast(&bookkeeper->woken);
	(void)pthread_mutex_unlock(&bookkeeper->lock);
	(void)pthread_join(bookkeeper->thread, NULL);
	(void)pthread_cond_destroy(&bookkeeper->woken);
	(void)pthread_mutex_destroy(&bookkeeper->lock);
	free(bookkeeper);
}

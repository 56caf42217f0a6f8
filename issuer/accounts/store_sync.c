/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/worker.h"
#include "issuer/store/sql.h"
#include "issuer/accounts/store_sync_away.h"
#include "issuer/accounts/store_sync_forget.h"
#include "issuer/accounts/store_sync_load.h"
#include "issuer/accounts/store_sync_news.h"
#include "issuer/accounts/store_sync_writer.h"

#define SECOND_US INT64_C(1000000)
#define LOOK_US SECOND_US
#define SOON_US INT64_C(5000)
#define PING_EVERY_US (2 * SECOND_US)
#define BRIEFLY_US INT64_C(100)

/* Two connections, so that reading never waits for a writer of this process; both databases let
 * readers go on while another process writes. */
struct store_sync {
	struct store_sync_setup setup;
	char *database;
	bool remote; /* a round trip may take long: only the thread polls */

	pthread_mutex_t lock; /* held while reading; guards the next three */
	struct store *store;  /* NULL while it cannot be opened */
	struct store_sync_load load;
	int64_t pinged_us;

	struct store_sync_writer writer; /* its lock is taken before `lock` */
	struct store_sync_away away;
	struct store_sync_news news;

	int notify_fd;
	struct worker *worker;
	/* The worker's own: */
	struct store_sync_forget forget;
	bool rested;     /* since the last look */
	int64_t wait_us; /* for news, after the rest */
};

/* --- reading --- */

static void
let_go(struct store_sync *sync)
{
	atomic_store(&sync->news.fd, -1);
	store_close(sync->store);
	sync->store = NULL;
}

/* A file that replaced the one we opened, other than by `postern store`, is not opened. Ours stays
 * open, so that its inode number is not reused. */
static bool
look(struct store_sync *sync, struct err *reterr)
{
	if (sync->store == NULL)
		return false;
	if (store_same(sync->store, reterr) &&
	    store_sync_load(&sync->load, &sync->setup, sync->store, reterr))
		return true;
	/* A connection that is lost does not come back. */
	if (sync->remote || store_renewed(sync->store))
		let_go(sync);
	return false;
}

/* With the lock held. */
static bool
look_and_tell(struct store_sync *sync, struct err *reterr)
{
	bool news = store_sync_news_waits(&sync->news), well;

	if (news)
		store_sync_news_reading(&sync->news, true);
	well = look(sync, reterr);
	/* Notifications that arrived while we read are no longer in the socket. */
	if (well && news)
		well = look(sync, reterr);
	if (news)
		store_sync_news_reading(&sync->news, false);
	/* Nothing was tried: the reason was reported when the connection was closed. */
	if (well || reterr->text[0] != '\0')
		store_sync_away_tell(&sync->away, well, reterr);
	return well;
}

/* A token request does not wait for an unreachable database: the thread reconnects. */
void
store_sync_look(struct store_sync *sync)
{
	struct err err = { "" };

	if (sync->remote) {
		store_sync_news_await(&sync->news);
	} else if (thread_lock_us(&sync->lock, STORE_SYNC_PATIENCE_US)) {
		(void)look_and_tell(sync, &err);
		(void)pthread_mutex_unlock(&sync->lock);
	}
}

/* The lock is held for microseconds, unless there is something to load. */
bool
store_sync_current(struct store_sync *sync)
{
	struct err err = { "" };
	bool current;

	if (sync->remote || !thread_lock_us(&sync->lock, BRIEFLY_US))
		return false;
	current = sync->store != NULL && store_same(sync->store, &err) &&
		  store_sync_load_current(&sync->load, sync->store);
	(void)pthread_mutex_unlock(&sync->lock);
	return current;
}

int64_t
store_sync_away_s(struct store_sync *sync, struct err *ret_why)
{
	return store_sync_away_seconds(&sync->away, ret_why);
}

/* --- writing --- */

/* Load what was written, and what else the database has notified us of. */
static bool
read_back(struct store_sync *sync, struct err *reterr)
{
	bool done;

	(void)pthread_mutex_lock(&sync->lock);
	if (sync->store != NULL)
		store_expect_news(sync->store);
	done = look_and_tell(sync, reterr);
	(void)pthread_mutex_unlock(&sync->lock);
	return done;
}

bool
store_sync_change(
    struct store_sync *sync, const struct store_sync_change *change, struct err *reterr)
{
	struct err err = { "" };

	if (!store_sync_writer_write(&sync->writer, change, reterr))
		return false;
	return read_back(sync, &err) ||
	       err_set(reterr, "the change was written, but the database went away (%s)", err.text);
}

/* --- the worker --- */

/* Open without the lock, so that nobody waits while we wait for an unreachable server, or check a
 * whole file. */
static void
reconnect(struct store_sync *sync)
{
	struct store *store = NULL;
	struct err err = { "" };
	bool away;

	(void)pthread_mutex_lock(&sync->lock);
	away = sync->store == NULL;
	(void)pthread_mutex_unlock(&sync->lock);
	if (!away)
		return;
	away = !store_open_existing(sync->database, &store, &err);
	(void)pthread_mutex_lock(&sync->lock);
	sync->store = store;
	sync->load.loaded = false;
	sync->pinged_us = clock_mono_us();
	atomic_store(&sync->news.fd, away ? -1 : store_descriptor(store));
	if (away)
		store_sync_away_tell(&sync->away, false, &err);
	(void)pthread_mutex_unlock(&sync->lock);
}

/* Ask the server regularly, since a hanging one sends nothing. This also finds changes made without
 * a notification (pg_restore). With the lock held. */
static void
ping(struct store_sync *sync)
{
	struct err err = { "" };

	if (!sync->remote || sync->store == NULL ||
	    clock_mono_us() - sync->pinged_us < PING_EVERY_US)
		return;
	sync->pinged_us = clock_mono_us();
	store_expect_news(sync->store);
	if (store_ping(sync->store, &err))
		return;
	store_sync_away_tell(&sync->away, false, &err);
	let_go(sync);
}

static void
look_once(struct store_sync *sync)
{
	struct err err = { "" };

	reconnect(sync);
	(void)pthread_mutex_lock(&sync->lock);
	ping(sync);
	(void)look_and_tell(sync, &err);
	(void)pthread_mutex_unlock(&sync->lock);
}

/* Did the file change? */
static bool
file_changed(const struct store_sync *sync)
{
	char events[1024];
	bool changed = false;

	while (read(sync->notify_fd, events, sizeof(events)) > 0)
		changed = true;
	return changed;
}

static bool
date_now(struct store *store, void *context, struct err *reterr)
{
	return store_date_revocations(store, *(const int64_t *)context, reterr);
}

/* Write down the dates that are in force here, for a restart and for other gates. A failure is
 * retried at the next look. */
static void
date_revocations(struct store_sync *sync)
{
	int64_t now_s = clock_now_s();
	struct store_sync_change change = { date_now, &now_s };
	struct err err;
	bool undated;

	(void)pthread_mutex_lock(&sync->lock);
	undated = sync->load.undated;
	sync->load.undated = false;
	(void)pthread_mutex_unlock(&sync->lock);
	if (!undated || store_sync_writer_write(&sync->writer, &change, &err))
		return;
	log_event(LOG_WARN, "store_failed", "%s", err.text);
	(void)pthread_mutex_lock(&sync->lock);
	sync->load.undated = true;
	(void)pthread_mutex_unlock(&sync->lock);
}

/* Correct the dates first: a revocation dated by a slow clock may look expired. */
static bool
forget_now(struct store *store, void *context, struct err *reterr)
{
	return date_now(store, context, reterr) &&
	       store_forget(store, *(const int64_t *)context, reterr);
}

/* A wrong clock may have made us drop revocations that had not expired: read them again. */
static void
load_anew(struct store_sync *sync)
{
	(void)pthread_mutex_lock(&sync->lock);
	sync->load.loaded = false;
	(void)pthread_mutex_unlock(&sync->lock);
}

/* Delete the revocations of expired tokens. */
static void
tend_revocations(struct store_sync *sync)
{
	int64_t now_s = clock_now_s(), mono_s = clock_mono_s(), jump_s;
	struct store_sync_change change = { forget_now, &now_s };
	bool due = store_sync_forget_due(&sync->forget, now_s, mono_s, &jump_s);
	struct err err;

	if (jump_s != 0)
		load_anew(sync);
	if (!due || store_sync_away_seconds(&sync->away, NULL) > 0)
		return;
	store_sync_forget_done(&sync->forget, mono_s);
	if (!store_sync_writer_write(&sync->writer, &change, &err))
		log_event(LOG_WARN, "store_failed", "%s", err.text);
}

/* Notifications are handled only after the pause, so that a burst of commits is loaded at once. */
static int64_t
rest(struct store_sync *sync, int64_t looked_us)
{
	sync->rested = false;
	worker_heed(sync->worker, NULL, 0);
	return 2 * looked_us > LOOK_US ? LOOK_US : 2 * looked_us;
}

/* If the connection is closed meanwhile, this wakes up once in vain. */
static int64_t
wait_for_news(struct store_sync *sync)
{
	int fds[] = { sync->notify_fd, atomic_load(&sync->news.fd) };

	sync->rested = true;
	worker_heed(sync->worker, fds, 2);
	return sync->wait_us;
}

/*
 * Look, rest, wait for a notification. A file changes before its commit takes effect, so a
 * notification means "soon": look often at first, then less and less.
 */
static int64_t
step(void *context)
{
	struct store_sync *sync = context;
	int64_t started_us = clock_mono_us();

	if (!sync->rested)
		return wait_for_news(sync);
	sync->wait_us =
	    file_changed(sync) || store_sync_news_waits(&sync->news) ? SOON_US : sync->wait_us * 2;
	if (sync->wait_us > LOOK_US)
		sync->wait_us = LOOK_US;
	tend_revocations(sync);
	look_once(sync);
	date_revocations(sync);
	return rest(sync, clock_mono_us() - started_us);
}

/* --- starting and stopping --- */

/* Without inotify, changes are noticed up to a second later. */
static void
notify_init(struct store_sync *sync)
{
	char *directory;

	if (sql_is_url(sync->database))
		return;
	directory = file_directory(sync->database);
	sync->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (sync->notify_fd >= 0 && directory != NULL)
		(void)inotify_add_watch(sync->notify_fd, directory,
		    IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM);
	free(directory);
}

static bool
start_worker(struct store_sync *sync, struct err *reterr)
{
	if (!worker_start(step, sync, &sync->worker, reterr))
		return false;
	store_sync_news_reader(&sync->news, sync->worker);
	return true;
}

static void
init(struct store_sync *sync, const struct store_sync_setup *setup)
{
	sync->setup = *setup;
	sync->store = setup->store;
	sync->remote = sql_is_url(setup->database);
	sync->notify_fd = -1;
	sync->pinged_us = clock_mono_us();
	(void)pthread_mutex_init(&sync->lock, NULL);
	sync->forget.done_mono_s = clock_mono_s();
	sync->rested = true;         /* the first step looks */
	sync->wait_us = SOON_US / 2; /* and doubles it */
	sync->database = strdup(setup->database);
	store_sync_away_init(&sync->away);
	store_sync_writer_init(&sync->writer, sync->database, &sync->away);
	store_sync_news_init(&sync->news, store_descriptor(setup->store));
}

bool
store_sync_start(
    const struct store_sync_setup *setup, struct store_sync **ret_sync, struct err *reterr)
{
	struct store_sync *sync = calloc(1, sizeof(*sync));

	if (sync == NULL) {
		store_close(setup->store);
		return err_set(reterr, "%s: no memory", setup->database);
	}
	init(sync, setup);
	if (sync->database == NULL) {
		store_sync_stop(sync);
		return err_set(reterr, "%s: no memory", setup->database);
	}
	notify_init(sync);
	if (!look(sync, reterr) || !start_worker(sync, reterr)) {
		store_sync_stop(sync);
		return false;
	}
	*ret_sync = sync;
	return true;
}

void
store_sync_halt(struct store_sync *sync)
{
	store_sync_news_reader(&sync->news, NULL);
	worker_stop(sync->worker);
	sync->worker = NULL;
}

void
store_sync_stop(struct store_sync *sync)
{
	if (sync == NULL)
		return;
	store_sync_halt(sync);
	if (sync->notify_fd >= 0)
		close(sync->notify_fd);
	store_sync_writer_done(&sync->writer);
	store_close(sync->store);
	store_sync_news_done(&sync->news);
	store_sync_away_done(&sync->away);
	(void)pthread_mutex_destroy(&sync->lock);
	free(sync->database);
	free(sync);
}

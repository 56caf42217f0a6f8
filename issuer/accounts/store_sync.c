/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "issuer/store/sql.h"
#include "issuer/accounts/store_sync_away.h"
#include "issuer/accounts/store_sync_forget.h"
#include "issuer/accounts/store_sync_load.h"
#include "issuer/accounts/store_sync_news.h"
#include "issuer/accounts/store_sync_writer.h"

#define LOOK_MS 1000
#define SOON_MS 5
#define SECOND_US INT64_C(1000000)
#define PING_EVERY_US (2 * SECOND_US)

/* Two connections, so that reading never waits for a writer: neither for one of ours nor, as both
 * databases have it, for one of another process. */
struct store_sync {
	struct store_sync_setup setup;
	char *database;
	bool remote; /* a round trip may take long: only the thread makes one unasked */

	pthread_mutex_t lock; /* held while reading; guards the next three */
	struct store *store;  /* NULL while it cannot be opened */
	struct store_sync_load load;
	int64_t pinged_us;

	struct store_sync_writer writer; /* its lock is taken before `lock` */
	struct store_sync_away away;
	struct store_sync_news news;

	int stop_fd, wake_fd, notify_fd;
	pthread_t thread;
	bool running;
};

/* --- reading --- */

static void
let_go(struct store_sync *sync)
{
	atomic_store(&sync->news.fd, -1);
	store_close(sync->store);
	sync->store = NULL;
}

/* A file that is not the one we opened, and that nobody of ours put there, stays untouched; the one
 * we have stays open, so that its number is no other file's. */
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
	/* What the server told while we read is in no socket any more. */
	if (well && news)
		well = look(sync, reterr);
	if (news)
		store_sync_news_reading(&sync->news, false);
	/* Nothing was tried: whoever let it go has said why. */
	if (well || reterr->text[0] != '\0')
		store_sync_away_tell(&sync->away, well, reterr);
	return well;
}

static bool
lock_soon(struct store_sync *sync)
{
	int64_t until_us = clock_mono_us() + STORE_SYNC_PATIENCE_US;
	struct timespec until = { .tv_sec = (time_t)(until_us / SECOND_US),
		.tv_nsec = (long)(until_us % SECOND_US) * 1000 };

	return pthread_mutex_clocklock(&sync->lock, CLOCK_MONOTONIC, &until) == 0;
}

/* Who asks for a token does not wait for a database that is away: the thread tries. */
void
store_sync_look(struct store_sync *sync)
{
	struct err err = { "" };

	if (sync->remote) {
		store_sync_news_await(&sync->news);
	} else if (lock_soon(sync)) {
		(void)look_and_tell(sync, &err);
		(void)pthread_mutex_unlock(&sync->lock);
	}
}

int64_t
store_sync_away_s(struct store_sync *sync, struct err *ret_why)
{
	return store_sync_away_seconds(&sync->away, ret_why);
}

/* --- writing --- */

/* Loaded whatever the database has told us of it by now. */
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

/* --- the thread --- */

/* Nobody waits for us while we wait for a server that is away, or read a file whole. */
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

/* A server that hangs says nothing of it: it is asked. What somebody put into its tables without
 * telling us (pg_restore) is seen by the way. With the lock held. */
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

static void
drain(int fd)
{
	char events[1024];

	while (read(fd, events, sizeof(events)) > 0)
		continue;
}

/* Wait so long, or until somebody wakes us, or until there is news if `ret_news` is given. False:
 * the thread is to end. */
static bool
wait_for(struct store_sync *sync, int timeout_ms, bool *ret_news)
{
	/* -1 is skipped. Should the connection be closed meanwhile, we wake once for nothing. */
	struct pollfd fds[4] = {
		{ .fd = sync->stop_fd, .events = POLLIN },
		{ .fd = sync->wake_fd, .events = POLLIN },
		{ .fd = sync->notify_fd, .events = POLLIN },
		{ .fd = atomic_load(&sync->news.fd), .events = POLLIN },
	};

	(void)poll(fds, ret_news != NULL ? 4 : 2, timeout_ms);
	if (fds[0].revents != 0)
		return false;
	if (fds[1].revents != 0)
		drain(sync->wake_fd);
	if (ret_news != NULL) {
		*ret_news = fds[1].revents != 0 || fds[2].revents != 0 || fds[3].revents != 0;
		if (fds[2].revents != 0)
			drain(sync->notify_fd);
	}
	return true;
}

/* A rest of twice the last look's time, so that a bulk of commits does not keep us loading. */
static int
rest_ms(int64_t started_us)
{
	int64_t rest = (clock_mono_us() - started_us) / 500;

	return rest > LOOK_MS ? LOOK_MS : (int)rest;
}

static bool
forget_now(struct store *store, void *context, struct err *reterr)
{
	return store_forget(store, *(const int64_t *)context, reterr);
}

/* What a wrong clock has taken for over, and the memory dropped, comes back from the store. */
static void
load_anew(struct store_sync *sync)
{
	(void)pthread_mutex_lock(&sync->lock);
	sync->load.loaded = false;
	(void)pthread_mutex_unlock(&sync->lock);
}

/* Revocations of tokens that are over. */
static void
tend_revocations(struct store_sync *sync, struct store_sync_forget *forget)
{
	int64_t now_s = clock_now_s(), mono_s = clock_mono_s(), jump_s;
	struct store_sync_change change = { forget_now, &now_s };
	bool due = store_sync_forget_due(forget, now_s, mono_s, &jump_s);
	struct err err;

	if (jump_s != 0)
		load_anew(sync);
	if (!due || store_sync_away_seconds(&sync->away, NULL) > 0)
		return;
	store_sync_forget_done(forget, mono_s);
	if (!store_sync_writer_write(&sync->writer, &change, &err))
		log_event(LOG_WARN, "store_failed", "%s", err.text);
}

/*
 * The file is written before the commit counts, so news means "soon": look often at first, then
 * less and less.
 */
static void *
run(void *context)
{
	struct store_sync *sync = context;
	struct store_sync_forget forget = { .done_mono_s = clock_mono_s() };
	int64_t started_us;
	int wait_ms = SOON_MS;
	bool news;

	for (;;) {
		started_us = clock_mono_us();
		tend_revocations(sync, &forget);
		look_once(sync);
		if (!wait_for(sync, rest_ms(started_us), NULL) || !wait_for(sync, wait_ms, &news))
			break;
		wait_ms = news ? SOON_MS : wait_ms * 2;
		if (wait_ms > LOOK_MS)
			wait_ms = LOOK_MS;
	}
	return NULL;
}

/* --- starting and stopping --- */

/* Without inotify changes are seen a second later, no worse. */
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
start_thread(struct store_sync *sync, struct err *reterr)
{
	sync->running = thread_start(&sync->thread, run, sync, reterr);
	return sync->running;
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
	sync->stop_fd = eventfd(0, EFD_CLOEXEC);
	sync->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sync->database = strdup(setup->database);
	store_sync_away_init(&sync->away);
	store_sync_writer_init(&sync->writer, sync->database, &sync->away);
	store_sync_news_init(&sync->news, store_descriptor(setup->store), sync->wake_fd);
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
	if (sync->stop_fd < 0 || sync->wake_fd < 0 || sync->database == NULL) {
		store_sync_stop(sync);
		return err_errno(reterr, errno, "%s", setup->database);
	}
	notify_init(sync);
	if (!look(sync, reterr) || !start_thread(sync, reterr)) {
		store_sync_stop(sync);
		return false;
	}
	*ret_sync = sync;
	return true;
}

void
store_sync_halt(struct store_sync *sync)
{
	if (sync->running) {
		(void)eventfd_write(sync->stop_fd, 1);
		pthread_join(sync->thread, NULL);
	}
	sync->running = false;
}

void
store_sync_stop(struct store_sync *sync)
{
	if (sync == NULL)
		return;
	store_sync_halt(sync);
	if (sync->notify_fd >= 0)
		close(sync->notify_fd);
	if (sync->wake_fd >= 0)
		close(sync->wake_fd);
	if (sync->stop_fd >= 0)
		close(sync->stop_fd);
	store_sync_writer_done(&sync->writer);
	store_close(sync->store);
	store_sync_news_done(&sync->news);
	store_sync_away_done(&sync->away);
	(void)pthread_mutex_destroy(&sync->lock);
	free(sync->database);
	free(sync);
}

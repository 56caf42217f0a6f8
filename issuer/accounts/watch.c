/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/watch.h"

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
#include "base/log.h"
#include "base/thread.h"
#include "issuer/store/sql.h"
#include "issuer/accounts/watch_away.h"
#include "issuer/accounts/watch_forget.h"
#include "issuer/accounts/watch_load.h"
#include "issuer/accounts/watch_news.h"
#include "issuer/accounts/watch_writer.h"

#define LOOK_MS 1000
#define SOON_MS 5
#define SECOND_US INT64_C(1000000)
#define PING_EVERY_US (2 * SECOND_US)

/* Two connections, so that reading never waits for a writer: neither for one of ours nor, as both
 * databases have it, for one of another process. */
struct watch {
	struct watch_setup setup;
	char *database;
	bool remote; /* a round trip may take long: only the thread makes one unasked */

	pthread_mutex_t lock; /* held while reading; guards the next three */
	struct store *store;  /* NULL while it cannot be opened */
	struct watch_load load;
	int64_t pinged_us;

	struct watch_writer writer; /* its lock is taken before `lock` */
	struct watch_away away;
	struct watch_news news;

	int stop_fd, wake_fd, notify_fd;
	pthread_t thread;
	bool running;
};

/* --- reading --- */

static void
let_go(struct watch *watch)
{
	atomic_store(&watch->news.fd, -1);
	store_close(watch->store);
	watch->store = NULL;
}

/* A file that is not the one we opened, and that nobody of ours put there, stays untouched; the one
 * we have stays open, so that its number is no other file's. */
static bool
look(struct watch *watch, struct err *reterr)
{
	if (watch->store == NULL)
		return false;
	if (store_same(watch->store, reterr) &&
	    watch_load(&watch->load, &watch->setup, watch->store, reterr))
		return true;
	/* A connection that is lost does not come back. */
	if (watch->remote || store_renewed(watch->store))
		let_go(watch);
	return false;
}

/* With the lock held. */
static bool
look_and_tell(struct watch *watch, struct err *reterr)
{
	bool news = watch_news_waits(&watch->news), well;

	if (news)
		watch_news_reading(&watch->news, true);
	well = look(watch, reterr);
	/* What the server told while we read is in no socket any more. */
	if (well && news)
		well = look(watch, reterr);
	if (news)
		watch_news_reading(&watch->news, false);
	/* Nothing was tried: whoever let it go has said why. */
	if (well || reterr->text[0] != '\0')
		watch_away_tell(&watch->away, well, reterr);
	return well;
}

static bool
lock_soon(struct watch *watch)
{
	int64_t until_us = clock_mono_us() + WATCH_PATIENCE_US;
	struct timespec until = { .tv_sec = (time_t)(until_us / SECOND_US),
		.tv_nsec = (long)(until_us % SECOND_US) * 1000 };

	return pthread_mutex_clocklock(&watch->lock, CLOCK_MONOTONIC, &until) == 0;
}

/* Who asks for a token does not wait for a database that is away: the thread tries. */
void
watch_look(struct watch *watch)
{
	struct err err = { "" };

	if (watch->remote) {
		watch_news_await(&watch->news);
	} else if (lock_soon(watch)) {
		(void)look_and_tell(watch, &err);
		(void)pthread_mutex_unlock(&watch->lock);
	}
}

int64_t
watch_away_s(struct watch *watch, struct err *ret_why)
{
	return watch_away_seconds(&watch->away, ret_why);
}

/* --- writing --- */

/* Loaded whatever the database has told us of it by now. */
static bool
read_back(struct watch *watch, struct err *reterr)
{
	bool done;

	(void)pthread_mutex_lock(&watch->lock);
	if (watch->store != NULL)
		store_expect_news(watch->store);
	done = look_and_tell(watch, reterr);
	(void)pthread_mutex_unlock(&watch->lock);
	return done;
}

bool
watch_change(struct watch *watch, const struct watch_change *change, struct err *reterr)
{
	struct err err = { "" };

	if (!watch_writer_write(&watch->writer, change, reterr))
		return false;
	return read_back(watch, &err) ||
	       err_set(reterr, "the change was written, but the database went away (%s)", err.text);
}

/* --- the thread --- */

/* Nobody waits for us while we wait for a server that is away, or read a file whole. */
static void
reconnect(struct watch *watch)
{
	struct store *store = NULL;
	struct err err = { "" };
	bool away;

	(void)pthread_mutex_lock(&watch->lock);
	away = watch->store == NULL;
	(void)pthread_mutex_unlock(&watch->lock);
	if (!away)
		return;
	away = !store_open_existing(watch->database, &store, &err);
	(void)pthread_mutex_lock(&watch->lock);
	watch->store = store;
	watch->load.loaded = false;
	watch->pinged_us = clock_mono_us();
	atomic_store(&watch->news.fd, away ? -1 : store_descriptor(store));
	if (away)
		watch_away_tell(&watch->away, false, &err);
	(void)pthread_mutex_unlock(&watch->lock);
}

/* A server that hangs says nothing of it: it is asked. What somebody put into its tables without
 * telling us (pg_restore) is seen by the way. With the lock held. */
static void
ping(struct watch *watch)
{
	struct err err = { "" };

	if (!watch->remote || watch->store == NULL ||
	    clock_mono_us() - watch->pinged_us < PING_EVERY_US)
		return;
	watch->pinged_us = clock_mono_us();
	store_expect_news(watch->store);
	if (store_ping(watch->store, &err))
		return;
	watch_away_tell(&watch->away, false, &err);
	let_go(watch);
}

static void
look_once(struct watch *watch)
{
	struct err err = { "" };

	reconnect(watch);
	(void)pthread_mutex_lock(&watch->lock);
	ping(watch);
	(void)look_and_tell(watch, &err);
	(void)pthread_mutex_unlock(&watch->lock);
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
wait_for(struct watch *watch, int timeout_ms, bool *ret_news)
{
	/* -1 is skipped. Should the connection be closed meanwhile, we wake once for nothing. */
	struct pollfd fds[4] = {
		{ .fd = watch->stop_fd, .events = POLLIN },
		{ .fd = watch->wake_fd, .events = POLLIN },
		{ .fd = watch->notify_fd, .events = POLLIN },
		{ .fd = atomic_load(&watch->news.fd), .events = POLLIN },
	};

	(void)poll(fds, ret_news != NULL ? 4 : 2, timeout_ms);
	if (fds[0].revents != 0)
		return false;
	if (fds[1].revents != 0)
		drain(watch->wake_fd);
	if (ret_news != NULL) {
		*ret_news = fds[1].revents != 0 || fds[2].revents != 0 || fds[3].revents != 0;
		if (fds[2].revents != 0)
			drain(watch->notify_fd);
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
load_anew(struct watch *watch)
{
	(void)pthread_mutex_lock(&watch->lock);
	watch->load.loaded = false;
	(void)pthread_mutex_unlock(&watch->lock);
}

/* Revocations of tokens that are over. */
static void
tend_revocations(struct watch *watch, struct watch_forget *forget)
{
	int64_t now_s = clock_now_s(), mono_s = clock_mono_s(), jump_s;
	struct watch_change change = { forget_now, &now_s };
	bool due = watch_forget_due(forget, now_s, mono_s, &jump_s);
	struct err err;

	if (jump_s != 0)
		load_anew(watch);
	if (!due || watch_away_seconds(&watch->away, NULL) > 0)
		return;
	watch_forget_done(forget, mono_s);
	if (!watch_writer_write(&watch->writer, &change, &err))
		log_event(LOG_WARN, "store_failed", "%s", err.text);
}

/*
 * The file is written before the commit counts, so news means "soon": look often at first, then
 * less and less.
 */
static void *
run(void *context)
{
	struct watch *watch = context;
	struct watch_forget forget = { .done_mono_s = clock_mono_s() };
	int64_t started_us;
	int wait_ms = SOON_MS;
	bool news;

	for (;;) {
		started_us = clock_mono_us();
		tend_revocations(watch, &forget);
		look_once(watch);
		if (!wait_for(watch, rest_ms(started_us), NULL) || !wait_for(watch, wait_ms, &news))
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
notify_init(struct watch *watch)
{
	char *directory;

	if (sql_is_url(watch->database))
		return;
	directory = store_directory(watch->database);
	watch->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->notify_fd >= 0 && directory != NULL)
		(void)inotify_add_watch(watch->notify_fd, directory,
		    IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM);
	free(directory);
}

static bool
start_thread(struct watch *watch, struct err *reterr)
{
	watch->running = thread_start(&watch->thread, run, watch, reterr);
	return watch->running;
}

static void
init(struct watch *watch, const struct watch_setup *setup)
{
	watch->setup = *setup;
	watch->store = setup->store;
	watch->remote = sql_is_url(setup->database);
	watch->notify_fd = -1;
	watch->pinged_us = clock_mono_us();
	(void)pthread_mutex_init(&watch->lock, NULL);
	watch->stop_fd = eventfd(0, EFD_CLOEXEC);
	watch->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch->database = strdup(setup->database);
	watch_away_init(&watch->away);
	watch_writer_init(&watch->writer, watch->database, &watch->away);
	watch_news_init(&watch->news, store_descriptor(setup->store), watch->wake_fd);
}

bool
watch_start(const struct watch_setup *setup, struct watch **ret_watch, struct err *reterr)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		store_close(setup->store);
		return err_set(reterr, "%s: no memory", setup->database);
	}
	init(watch, setup);
	if (watch->stop_fd < 0 || watch->wake_fd < 0 || watch->database == NULL) {
		watch_stop(watch);
		return err_errno(reterr, errno, "%s", setup->database);
	}
	notify_init(watch);
	if (!look(watch, reterr) || !start_thread(watch, reterr)) {
		watch_stop(watch);
		return false;
	}
	*ret_watch = watch;
	return true;
}

void
watch_halt(struct watch *watch)
{
	if (watch->running) {
		(void)eventfd_write(watch->stop_fd, 1);
		pthread_join(watch->thread, NULL);
	}
	watch->running = false;
}

void
watch_stop(struct watch *watch)
{
	if (watch == NULL)
		return;
	watch_halt(watch);
	if (watch->notify_fd >= 0)
		close(watch->notify_fd);
	if (watch->wake_fd >= 0)
		close(watch->wake_fd);
	if (watch->stop_fd >= 0)
		close(watch->stop_fd);
	watch_writer_done(&watch->writer);
	store_close(watch->store);
	watch_news_done(&watch->news);
	watch_away_done(&watch->away);
	(void)pthread_mutex_destroy(&watch->lock);
	free(watch->database);
	free(watch);
}

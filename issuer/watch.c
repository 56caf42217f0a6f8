/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "base/thread.h"
#include "issuer/audit_log.h"
#include "issuer/sql.h"

#define LOOK_MS 1000
#define SOON_MS 5
#define FORGET_EVERY_US (3600 * INT64_C(1000000))

struct watch {
	struct watch_setup setup;
	char *database;
	struct store *store;          /* NULL while it cannot be opened */
	struct store_version version; /* of what was loaded last */
	bool loaded;                  /* anything was, from this store */
	pthread_mutex_t lock;         /* held while looking */
	int stop_fd, notify_fd;
	pthread_t thread;
	bool running;
	struct err told;               /* the trouble last logged, so that it is logged once */
	_Atomic int64_t away_since_us; /* 0: it can be read */
};

static bool
load_principals(struct watch *watch, struct err *reterr)
{
	struct view *view = NULL;

	if (!view_load(watch->store, &view, reterr))
		return false;
	watch->setup.loaded(watch->setup.context, view);
	return true;
}

static bool
load_revocations(struct watch *watch, struct err *reterr)
{
	int64_t after = watch->loaded ? watch->version.revocations : 0;
	struct store_revocations found;
	struct arena arena;
	bool done;

	if (watch->setup.revoked == NULL)
		return true;
	arena_init(&arena, VIEW_MAX_BYTES);
	done = store_revocations(watch->store, after, &arena, &found, reterr) &&
	       watch->setup.revoked(watch->setup.context, found.first, reterr);
	arena_done(&arena);
	return done;
}

static bool
load_keys(struct watch *watch, struct err *reterr)
{
	struct store_key *first = NULL;
	struct arena arena;
	bool done;

	if (watch->setup.keys == NULL)
		return true;
	arena_init(&arena, VIEW_MAX_BYTES);
	done = store_keys(watch->store, &arena, &first, reterr);
	if (done)
		watch->setup.keys(watch->setup.context, first);
	arena_done(&arena);
	return done;
}

/* Each counter is taken over when what it counts was loaded: what fails is tried again. */
static bool
load(struct watch *watch, const struct store_version *now, struct err *reterr)
{
	struct store_version *had = &watch->version;
	bool all = !watch->loaded;

	if (all || now->principals != had->principals) {
		if (!load_principals(watch, reterr))
			return false;
		had->principals = now->principals;
	}
	if (all || now->revocations != had->revocations) {
		if (!load_revocations(watch, reterr))
			return false;
		had->revocations = now->revocations;
	}
	if (all || now->keys != had->keys) {
		if (!load_keys(watch, reterr))
			return false;
		had->keys = now->keys;
	}
	if (all || now->audit != had->audit) {
		/* What was done while no gate ran is in the store, not in this gate's log. */
		if (watch->loaded && !audit_log(watch->store, had->audit, reterr))
			return false;
		had->audit = now->audit;
	}
	watch->loaded = true;
	return true;
}

static bool
open_again(struct watch *watch, struct err *reterr)
{
	if (watch->store != NULL && store_replaced(watch->store)) {
		store_close(watch->store);
		watch->store = NULL;
	}
	if (watch->store != NULL)
		return true;
	watch->loaded = false;
	return store_open(watch->database, &watch->store, reterr);
}

/* Load if there is something new. */
static bool
look(struct watch *watch, struct err *reterr)
{
	struct store_version version;

	if (!open_again(watch, reterr))
		return false;
	/* The version first: a commit after it is seen again at the next look. */
	if (store_version(watch->store, &version, reterr) && load(watch, &version, reterr))
		return true;
	/* A connection that is lost does not come back. */
	if (sql_is_url(watch->database)) {
		store_close(watch->store);
		watch->store = NULL;
	}
	return false;
}

static void
tell(struct watch *watch, bool well, const struct err *err)
{
	if (well) {
		atomic_store(&watch->away_since_us, 0);
		if (watch->told.text[0] != 0)
			log_event(LOG_INFO, "store_recovered", "the clients are read again");
		watch->told.text[0] = 0;
		return;
	}
	if (atomic_load(&watch->away_since_us) == 0)
		atomic_store(&watch->away_since_us, clock_mono_us());
	if (strcmp(watch->told.text, err->text) != 0) {
		log_event(
		    LOG_ERROR, "store_failed", "%s; the clients stay as last read", err->text);
		watch->told = *err;
	}
}

static void
look_and_tell(struct watch *watch)
{
	struct err err = { "" };
	bool well = look(watch, &err);

	tell(watch, well, &err);
}

/* Who asks for a token does not wait for a server that is away: the thread tries. */
void
watch_look(struct watch *watch)
{
	(void)pthread_mutex_lock(&watch->lock);
	if (watch->store != NULL)
		look_and_tell(watch);
	(void)pthread_mutex_unlock(&watch->lock);
}

bool
watch_change(struct watch *watch, const struct watch_change *change, struct err *reterr)
{
	bool done;

	(void)pthread_mutex_lock(&watch->lock);
	if (watch->store == NULL) {
		done = err_set(reterr, "the database is away");
	} else {
		done = change->change(watch->store, change->context, reterr);
		look_and_tell(watch);
	}
	(void)pthread_mutex_unlock(&watch->lock);
	return done;
}

int64_t
watch_away_s(const struct watch *watch)
{
	int64_t since_us = atomic_load(&watch->away_since_us);

	return since_us == 0 ? 0 : (clock_mono_us() - since_us) / 1000000 + 1;
}

/* Nobody waits for us while we wait for a server that is away. */
static void
reconnect(struct watch *watch)
{
	struct store *store = NULL;
	struct err err = { "" };
	bool away;

	(void)pthread_mutex_lock(&watch->lock);
	away = sql_is_url(watch->database) && watch->store == NULL;
	(void)pthread_mutex_unlock(&watch->lock);
	if (!away)
		return;
	away = !store_open(watch->database, &store, &err);
	(void)pthread_mutex_lock(&watch->lock);
	watch->store = store;
	watch->loaded = false;
	if (away)
		tell(watch, false, &err);
	(void)pthread_mutex_unlock(&watch->lock);
}

static void
drain(int fd)
{
	char events[1024];

	while (read(fd, events, sizeof(events)) > 0)
		continue;
}

/* Of the store's connection. Should it be closed meanwhile, we wake once for nothing. */
static int
descriptor(struct watch *watch)
{
	int found;

	(void)pthread_mutex_lock(&watch->lock);
	found = watch->store == NULL ? -1 : store_descriptor(watch->store);
	(void)pthread_mutex_unlock(&watch->lock);
	return found;
}

/* Wait so long, or until there is news if `ret_news` is given. False: the thread is to end. */
static bool
wait_for(struct watch *watch, int timeout_ms, bool *ret_news)
{
	struct pollfd fds[3] = {
		{ .fd = watch->stop_fd, .events = POLLIN },
		{ .fd = watch->notify_fd, .events = POLLIN }, /* -1 is skipped */
		{ .fd = descriptor(watch), .events = POLLIN },
	};

	(void)poll(fds, ret_news != NULL ? 3 : 1, timeout_ms);
	if (fds[0].revents != 0)
		return false;
	if (ret_news != NULL) {
		*ret_news = fds[1].revents != 0 || fds[2].revents != 0;
		if (fds[1].revents != 0)
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

/* Revocations of tokens that are over. */
static void
forget(struct watch *watch, int64_t *forgot_us)
{
	struct err err;

	if (watch->store == NULL || clock_mono_us() - *forgot_us < FORGET_EVERY_US)
		return;
	*forgot_us = clock_mono_us();
	if (!store_forget(watch->store, clock_now_s(), &err))
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
	int64_t started_us, forgot_us = clock_mono_us();
	int wait_ms = SOON_MS;
	bool news;

	for (;;) {
		started_us = clock_mono_us();
		reconnect(watch);
		(void)pthread_mutex_lock(&watch->lock);
		if (watch->store != NULL || !sql_is_url(watch->database))
			look_and_tell(watch);
		forget(watch, &forgot_us);
		(void)pthread_mutex_unlock(&watch->lock);
		epoch_collect();
		if (!wait_for(watch, rest_ms(started_us), NULL) || !wait_for(watch, wait_ms, &news))
			break;
		wait_ms = news ? SOON_MS : wait_ms * 2;
		if (wait_ms > LOOK_MS)
			wait_ms = LOOK_MS;
	}
	return NULL;
}

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
		(void)inotify_add_watch(
		    watch->notify_fd, directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	free(directory);
}

static bool
start_thread(struct watch *watch, struct err *reterr)
{
	watch->running = thread_start(&watch->thread, run, watch, reterr);
	return watch->running;
}

bool
watch_start(const struct watch_setup *setup, struct watch **ret_watch, struct err *reterr)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		store_close(setup->store);
		return err_set(reterr, "%s: no memory", setup->database);
	}
	watch->setup = *setup;
	watch->store = setup->store;
	watch->notify_fd = -1;
	(void)pthread_mutex_init(&watch->lock, NULL);
	watch->stop_fd = eventfd(0, EFD_CLOEXEC);
	watch->database = strdup(setup->database);
	if (watch->stop_fd < 0 || watch->database == NULL) {
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
watch_stop(struct watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->running) {
		(void)eventfd_write(watch->stop_fd, 1);
		pthread_join(watch->thread, NULL);
	}
	if (watch->notify_fd >= 0)
		close(watch->notify_fd);
	if (watch->stop_fd >= 0)
		close(watch->stop_fd);
	store_close(watch->store);
	(void)pthread_mutex_destroy(&watch->lock);
	free(watch->database);
	free(watch);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "base/thread.h"

#define LOOK_MS 1000
#define SOON_MS 5

struct watch {
	struct watch_setup setup;
	char *database;
	struct store *store;  /* NULL while a replaced file cannot be opened */
	uint64_t version;     /* of what was loaded last */
	pthread_mutex_t lock; /* held while looking */
	int stop_fd, notify_fd;
	pthread_t thread;
	bool running;
	struct err told; /* the trouble last logged, so that it is logged once */
};

/* Load if there is something new. */
static bool
look(struct watch *watch, bool first, struct err *reterr)
{
	struct view *view = NULL;
	uint64_t version;

	if (watch->store != NULL && store_replaced(watch->store)) {
		store_close(watch->store);
		watch->store = NULL;
	}
	if (watch->store == NULL) {
		if (!store_open(watch->database, &watch->store, reterr))
			return false;
		first = true;
	}
	/* The version first: a commit after it is seen again at the next look. */
	if (!store_version(watch->store, &version, reterr))
		return false;
	if (!first && version == watch->version)
		return true;
	if (watch->setup.read != NULL &&
	    !watch->setup.read(watch->setup.context, watch->store, reterr))
		return false;
	if (!view_load(watch->store, &view, reterr))
		return false;
	watch->version = version;
	watch->setup.loaded(watch->setup.context, view);
	return true;
}

static void
tell(struct watch *watch, bool well, const struct err *err)
{
	if (well && watch->told.text[0] != 0) {
		log_event(LOG_INFO, "store_recovered", "the clients are read again");
		watch->told.text[0] = 0;
	}
	if (!well && strcmp(watch->told.text, err->text) != 0) {
		log_event(
		    LOG_ERROR, "store_failed", "%s; the clients stay as last read", err->text);
		watch->told = *err;
	}
}

void
watch_look(struct watch *watch)
{
	struct err err = { "" };
	bool well;

	(void)pthread_mutex_lock(&watch->lock);
	well = look(watch, false, &err);
	tell(watch, well, &err);
	(void)pthread_mutex_unlock(&watch->lock);
}

bool
watch_write(struct watch *watch,
    bool (*write)(void *context, struct store *store, struct err *reterr), void *context,
    struct err *reterr)
{
	bool done;

	(void)pthread_mutex_lock(&watch->lock);
	if (watch->store == NULL)
		done = err_set(reterr, "%s cannot be opened now", watch->database);
	else
		done = write(context, watch->store, reterr) && look(watch, false, reterr);
	(void)pthread_mutex_unlock(&watch->lock);
	return done;
}

static void
drain(int fd)
{
	char events[1024];

	while (read(fd, events, sizeof(events)) > 0)
		continue;
}

/* Wait so long, or until there is news if `ret_news` is given. False: the thread is to end. */
static bool
wait_for(const struct watch *watch, int timeout_ms, bool *ret_news)
{
	struct pollfd fds[2] = {
		{ .fd = watch->stop_fd, .events = POLLIN },
		{ .fd = watch->notify_fd, .events = POLLIN }, /* -1 is skipped */
	};

	(void)poll(fds, ret_news != NULL ? 2 : 1, timeout_ms);
	if (fds[0].revents != 0)
		return false;
	if (ret_news != NULL) {
		*ret_news = fds[1].revents != 0;
		if (*ret_news)
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

/*
 * The file is written before the commit counts, so news means "soon": look often at first, then
 * less and less.
 */
static void *
run(void *context)
{
	struct watch *watch = context;
	int wait_ms = SOON_MS;
	int64_t started_us;
	bool news;

	for (;;) {
		started_us = clock_mono_us();
		watch_look(watch);
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
	char *directory = store_directory(watch->database);

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
	if (!look(watch, true, reterr) || !start_thread(watch, reterr)) {
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/rotation.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/thread.h"

#define LOOK_MS 1000
#define REST_MS 5 /* so that a bulk of changes is one look */

struct rotation {
	struct signing *signing;
	void (*changed)(void *context);
	void *context;
	int stop_fd, notify_fd;
	pthread_t thread;
	bool running;
	struct steady steady;
	uint64_t files;  /* as they were at the last look */
	struct err told; /* the trouble last logged, so that it is logged once */
};

static void
tell_changed(const struct rotation *rotation)
{
	char kid[64];
	size_t count;

	epoch_enter();
	count = signing_now(rotation->signing)->count;
	(void)snprintf(kid, sizeof(kid), "%s", signing_key_kid(signing_current(rotation->signing)));
	epoch_leave();
	log_event(LOG_INFO, "signing_keys_changed", "%s signs, %zu published", kid, count);
}

/* A clock that jumps ahead for seconds would end every old key and make a new one. */
static void
look_at_clock(struct rotation *rotation)
{
	int64_t jump_s;
	bool steady = steady_look(&rotation->steady, clock_now_s(), clock_mono_s(), &jump_s);

	signing_hold(rotation->signing, !steady);
	if (jump_s == 0)
		return;
	rotation->files = 0; /* look now: times on disk may lie in the future */
	log_event(LOG_WARN, "clock_set",
	    "the clock was set by %+lld s: signing keys are neither made nor dropped for %d s",
	    (long long)jump_s, STEADY_AFTER_S);
}

static void
look(struct rotation *rotation)
{
	struct err err = { "" };
	uint64_t files = signing_files(rotation->signing);
	bool changed = false, well;

	if (files == rotation->files && rotation->told.text[0] == '\0' &&
	    clock_now_s() < signing_next_s(rotation->signing))
		return;
	rotation->files = files;
	well = signing_tend(rotation->signing, clock_now_s(), &changed, &err);
	if (changed) {
		tell_changed(rotation);
		rotation->changed(rotation->context);
	}
	if (!well && strcmp(rotation->told.text, err.text) != 0)
		log_event(
		    LOG_ERROR, "signing_keys_failed", "%s; the keys stay as last read", err.text);
	if (well && rotation->told.text[0] != '\0')
		log_event(LOG_INFO, "signing_keys_recovered", "the signing keys are read again");
	rotation->told = well ? (struct err){ "" } : err;
}

/* Wait for news or the time of the next look. False: the thread is to end. */
static bool
wait_for_news(const struct rotation *rotation)
{
	struct pollfd fds[2] = {
		{ .fd = rotation->stop_fd, .events = POLLIN },
		{ .fd = rotation->notify_fd, .events = POLLIN }, /* -1 is skipped */
	};
	char events[4096];

	if (poll(fds, 2, LOOK_MS) > 0 && fds[0].revents == 0)
		(void)poll(fds, 1, REST_MS);
	while (rotation->notify_fd >= 0 && read(rotation->notify_fd, events, sizeof(events)) > 0)
		continue;
	return fds[0].revents == 0;
}

static void *
run(void *context)
{
	struct rotation *rotation = context;

	while (wait_for_news(rotation)) {
		look_at_clock(rotation);
		look(rotation);
		epoch_collect();
	}
	return NULL;
}

bool
rotation_start(struct signing *signing, void (*changed)(void *context), void *context,
    struct rotation **ret_rotation)
{
	struct rotation *rotation = calloc(1, sizeof(*rotation));
	struct err err;

	if (rotation == NULL)
		return false;
	rotation->signing = signing;
	rotation->changed = changed;
	rotation->context = context;
	(void)steady_look(&rotation->steady, clock_now_s(), clock_mono_s(), NULL);
	rotation->stop_fd = eventfd(0, EFD_CLOEXEC);
	rotation->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	/* Without inotify changes are seen a second later, no worse. */
	if (rotation->notify_fd >= 0)
		(void)inotify_add_watch(rotation->notify_fd, signing_directory(signing),
		    IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM);
	rotation->running =
	    rotation->stop_fd >= 0 && thread_start(&rotation->thread, run, rotation, &err);
	if (!rotation->running) {
		rotation_stop(rotation);
		return false;
	}
	*ret_rotation = rotation;
	return true;
}

void
rotation_stop(struct rotation *rotation)
{
	if (rotation == NULL)
		return;
	if (rotation->running) {
		(void)eventfd_write(rotation->stop_fd, 1);
		pthread_join(rotation->thread, NULL);
	}
	if (rotation->notify_fd >= 0)
		close(rotation->notify_fd);
	if (rotation->stop_fd >= 0)
		close(rotation->stop_fd);
	free(rotation);
}

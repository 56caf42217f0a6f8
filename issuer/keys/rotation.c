/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/rotation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/worker.h"

#define LOOK_US INT64_C(1000000)
#define REST_US 5000 /* so that a burst of changes is handled at once */

struct rotation {
	struct signing *signing;
	void (*changed)(void *context);
	void *context;
	int notify_fd;
	struct worker *worker;
	bool rested;
	struct steady steady;
	uint64_t files;      /* as they were at the last look */
	struct err reported; /* the trouble last logged, so that it is logged once */
};

static void
tell_changed(const struct rotation *rotation)
{
	struct signing_set *set = signing_now(rotation->signing);

	log_event(LOG_INFO, "signing_keys_changed", "%s signs, %zu published",
	    signing_key_kid(set->keys[set->current]), set->count);
	signing_set_free(set);
}

/* Even a short jump of the clock into the future would drop every old key and make a new one. */
static void
look_at_clock(struct rotation *rotation)
{
	int64_t jump_s;
	bool steady = steady_look(&rotation->steady, clock_now_s(), clock_mono_s(), &jump_s);

	signing_hold(rotation->signing, !steady);
	if (jump_s == 0)
		return;
	rotation->files = 0; /* look now: times on disk may be in the future */
	log_event(LOG_WARN, "clock_set",
	    "the clock was set by %+lld s: no signing keys are created or dropped for %d s",
	    (long long)jump_s, STEADY_AFTER_S);
}

static void
look(struct rotation *rotation)
{
	struct err err = { "" };
	uint64_t files = signing_files(rotation->signing);
	bool changed = false, well;

	if (files == rotation->files && rotation->reported.text[0] == '\0' &&
	    clock_now_s() < signing_next_s(rotation->signing))
		return;
	rotation->files = files;
	well = signing_tend(rotation->signing, clock_now_s(), &changed, &err);
	if (changed) {
		tell_changed(rotation);
		rotation->changed(rotation->context);
	}
	if (!well && strcmp(rotation->reported.text, err.text) != 0)
		log_event(
		    LOG_ERROR, "signing_keys_failed", "%s; the keys stay as last read", err.text);
	if (well && rotation->reported.text[0] != '\0')
		log_event(LOG_INFO, "signing_keys_recovered", "the signing keys can be read again");
	rotation->reported = well ? (struct err){ "" } : err;
}

/* Has anything changed? */
static bool
read_news(const struct rotation *rotation)
{
	char events[4096];
	bool news = false;

	while (rotation->notify_fd >= 0 && read(rotation->notify_fd, events, sizeof(events)) > 0)
		news = true;
	return news;
}

static int64_t
step(void *context)
{
	struct rotation *rotation = context;

	worker_heed(rotation->worker, &rotation->notify_fd, 1);
	rotation->rested = !rotation->rested && read_news(rotation);
	if (rotation->rested) {
		worker_heed(rotation->worker, NULL, 0);
		return REST_US;
	}
	(void)read_news(rotation);
	look_at_clock(rotation);
	look(rotation);
	return LOOK_US;
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
	rotation->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	/* Without inotify, changes are noticed up to a second later. */
	if (rotation->notify_fd >= 0)
		(void)inotify_add_watch(rotation->notify_fd, signing_directory(signing),
		    IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM);
	if (!worker_start(step, rotation, &rotation->worker, &err)) {
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
	worker_stop(rotation->worker);
	if (rotation->notify_fd >= 0)
		close(rotation->notify_fd);
	free(rotation);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - a thread that notices when the store was changed by another process.
 *
 * Uses:   base, store, view.
 * Shell:  inotify on the database's directory, and a look at the database every second for what
 *         inotify cannot see (network file systems).
 */
#ifndef POSTERN_ISSUER_WATCH_H
#define POSTERN_ISSUER_WATCH_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store.h"
#include "issuer/view.h"

struct watch;

struct watch_setup {
	const char *database; /* borrowed, copied */
	struct store *store;  /* taken, also on failure */
	/* taken: `view`. Called after a commit by anybody, on the thread that noticed it, never on
	 * two at once. */
	void (*loaded)(void *context, struct view *view);
	/* Asked for before that: read what else there is. May be NULL. */
	bool (*read)(void *context, struct store *store, struct err *reterr);
	void *context;
};

/* Load once, then start to watch. */
MUST_CHECK bool watch_start(
    const struct watch_setup *setup, struct watch **ret_watch, struct err *reterr);

/* Look now, for who cannot wait for the thread: what was committed before this call is loaded when
 * it returns. Any thread, outside of an epoch. */
void watch_look(struct watch *watch);

/* Let `write` write to the store, and look: what it wrote is in force when this returns true. Any
 * thread, outside of an epoch. */
MUST_CHECK bool watch_write(struct watch *watch,
    bool (*write)(void *context, struct store *store, struct err *reterr), void *context,
    struct err *reterr);

/* End the thread and close the store. Accepts NULL. */
void watch_stop(struct watch *watch);

#endif

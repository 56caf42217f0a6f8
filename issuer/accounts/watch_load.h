/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_load - what of the store is in memory, and loading the rest.
 *
 * Uses:   base, store, view, audit_log.
 * Shell:  the database. For watch only, which calls it from one thread at a time.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_WATCH_LOAD_H
#define POSTERN_ISSUER_ACCOUNTS_WATCH_LOAD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"
#include "issuer/accounts/watch.h"

struct watch_load {
	struct store_version version; /* of what was loaded last */
	bool loaded;                  /* anything was, from this store */
};

/* Load what is newer than what was loaded last, and give it to the callbacks of `setup`. What fails
 * is tried again by the next call. Nothing new costs next to nothing. */
MUST_CHECK bool watch_load(struct watch_load *load, const struct watch_setup *setup,
    struct store *store, struct err *reterr);

#endif

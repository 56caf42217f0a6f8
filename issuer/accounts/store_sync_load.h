/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync_load - how much of the store is in memory, and loading the rest.
 *
 * Uses:   base, store, directory, audit_log.
 * Shell:  the database, the clock, the log. For store_sync only, which calls it from one thread at
 *         a time.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_LOAD_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_LOAD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"
#include "issuer/accounts/store_sync.h"

struct store_sync_load {
	struct store_version version; /* of what was loaded last */
	bool loaded;                  /* anything was, from this store */
	bool undated; /* set: the store has a revocation to be dated, see store_date_revocations()
		       */
};

/* Load what is newer than what was loaded last, and pass it to the callbacks of `setup`. The next
 * call retries what failed. It is cheap when there is nothing new. */
MUST_CHECK bool store_sync_load(struct store_sync_load *load, const struct store_sync_setup *setup,
    struct store *store, struct err *reterr);

/* Is there nothing that store_sync_load() would load? False also when the store cannot be read. */
MUST_CHECK bool store_sync_load_current(const struct store_sync_load *load, struct store *store);

#endif

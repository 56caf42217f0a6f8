/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync - the connections of a gate to the store, one that reads and one that writes, and a
 * thread that notices when somebody else changed it.
 *
 * Uses:   base, store, directory.
 * Shell:  inotify on the database's directory, or notifications of the database server; also a
 *         check every second for file systems without inotify, and a query every two seconds to a
 *         server. An unavailable database (deleted, replaced, stopped, hanging) is retried every
 *         second; what was loaded stays in use meanwhile.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"
#include "issuer/accounts/directory.h"

struct store_sync;

/* The callbacks are called after each commit, whoever made it, on the thread that noticed it, never
 * on two threads at once; and once at the start. */
struct store_sync_setup {
	const char *database; /* borrowed, copied */
	struct store *store;  /* taken, also on failure */
	/* taken: `directory`. */
	void (*loaded)(void *context, struct directory *directory);
	/* New revocations, linked by `next`. False: no memory; the call is repeated later. NULL:
	 * not needed. */
	bool (*revoked)(void *context, const struct revocation *first, struct err *reterr);
	/* All public keys of the store. NULL: not needed. */
	void (*keys)(void *context, const struct store_key *first);
	void *context;
};

/* Load everything once, then start the thread. */
MUST_CHECK bool store_sync_start(
    const struct store_sync_setup *setup, struct store_sync **ret_sync, struct err *reterr);

/* Check now, without waiting for the thread: what was committed before this call is loaded when it
 * returns, unless the database is unavailable or reading takes longer than a second. For other
 * gates' commits to PostgreSQL, only those with a notification already received: there is no round
 * trip. Never waits for a writer. Any thread. */
void store_sync_look(struct store_sync *sync);

/* Is everything that was committed before this call loaded already? Waits for microseconds only.
 * False: no, or that takes longer to find out, as it always does with a server: store_sync_look().
 * Any thread. */
MUST_CHECK bool store_sync_current(struct store_sync *sync);

/* Change something: `change` is called with the store, and what it committed is loaded when this
 * returns true. False: it may have been written even so; reterr says whether. Waits for other
 * writers, five seconds at most, and for a server seven per statement. Any thread; one at a time.
 */
struct store_sync_change {
	bool (*change)(struct store *store, void *context, struct err *reterr);
	void *context;
};
MUST_CHECK bool store_sync_change(
    struct store_sync *sync, const struct store_sync_change *change, struct err *reterr);

/* For how many seconds the database could not be read; 0: it can. ret_why  NULL, or set to the
 * reason, "" when it can. Waits for nothing. */
int64_t store_sync_away_s(struct store_sync *sync, struct err *ret_why);

/* End the thread: from now on only store_sync_look() and store_sync_change() notice what others
 * changed. */
void store_sync_halt(struct store_sync *sync);

/* The same, and close the store. Accepts NULL. */
void store_sync_stop(struct store_sync *sync);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_publisher - a thread that publishes this gate's public keys in the store for the other gates,
 * and rereads theirs when one of them expires.
 *
 * Uses:   shared_keys, signing, store, store_sync.
 * Shell:  one thread; the store through store_sync; STATE/gate_id, 128 random bits that distinguish
 *         our rows from those of others.
 *
 * A row has an end time: the latest time at which a token of its key can expire. It is renewed
 * while the gate runs, so the keys of a gate that is gone expire with its last token. Retired and
 * expired keys are removed at once.
 */
#ifndef POSTERN_ISSUER_LOCAL_KEY_PUBLISHER_H
#define POSTERN_ISSUER_LOCAL_KEY_PUBLISHER_H

#include "base/check.h"
#include "base/err.h"
#include "issuer/keys/signing.h"
#include "issuer/accounts/store_sync.h"

#define KEY_PUBLISHER_EVERY_S 600
#define KEY_PUBLISHER_ID_ROOM 32

struct key_publisher;

/* All borrowed: must outlive it. */
struct key_publisher_setup {
	struct signing *signing;
	struct store_sync *sync;
	const char *issuer, *gate;
	/* When the first shared key expires, in Unix seconds; INT64_MAX: none does. */
	int64_t (*ends_s)(void *context);
	/* Called with all rows when one has expired; under the lock of store_sync. */
	void (*reread)(void *context, const struct store_key *first);
	void *context;
};

/* Read STATE/gate_id, or make it. */
MUST_CHECK bool key_publisher_id(
    const char *state_dir, char id[KEY_PUBLISHER_ID_ROOM], struct err *reterr);

/* Publish, and go on publishing. */
MUST_CHECK bool key_publisher_start(const struct key_publisher_setup *setup,
    struct key_publisher **ret_publisher, struct err *reterr);

/* The keys have changed: publish soon. Any thread. Accepts NULL. */
void key_publisher_wake(struct key_publisher *publisher);

/* End the thread; what is published stays. Accepts NULL. */
void key_publisher_stop(struct key_publisher *publisher);

#endif

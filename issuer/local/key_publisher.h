/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_publisher - a thread that keeps this gate's public keys in the store, where the other gates
 * find them, and has theirs read again when one of them is over.
 *
 * Uses:   shared_keys, signing, store, store_sync.
 * Shell:  one thread; the store by way of the watch; STATE/gate_id, 128 random bits that tell our
 *         rows from those of others.
 *
 * A row says how long its key may be needed: as long as a token of it can last. It is renewed while
 * the gate runs, so the keys of a gate that is gone leave by themselves, after its last token. A
 * key that is retired or over goes at once.
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
	/* When a shared key is over, in Unix seconds; INT64_MAX: none will be. */
	int64_t (*ends_s)(void *context);
	/* All rows, when one was over; under the lock of the watch. */
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

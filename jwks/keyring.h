/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring - the current keys of all issuers: fetched, refreshed and replaced by background threads.
 *
 * Uses:   base, fetch, keyset, refresh_schedule, source.
 * Shell:  threads, network, files under `state`.
 * Threads: any. A fetch never runs on a caller's thread, and a slow issuer delays no other.
 */
#ifndef POSTERN_JWKS_KEYRING_H
#define POSTERN_JWKS_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "jwks/failure.h"
#include "jwks/keyset.h"
#include "jwks/refresh_schedule.h"
#include "jwks/source.h"

struct keyring;

/* The state of one issuer's keys, for /readyz, /metrics and `postern jwks`. */
struct keyring_state {
	char name[64];
	bool usable;          /* keys may be used now */
	size_t keys, skipped; /* in the set in use */
	struct refresh_schedule schedule;
	char last_error[512];            /* of the last try; "" after a success */
	enum failure last_failure;       /* FAILURE_NONE after a success */
	uint64_t fetches[FAILURE_COUNT]; /* by how they ended */
};

/*
 * Start: load the local keys (files, given sets, the last good sets under `state_dir`) and fetch
 * the others in the background. It is not a failure if an identity provider is down; an unreadable
 * or invalid jwks_file is one.
 *
 * sources   borrowed, copied.
 * state_dir borrowed; NULL: keys are not stored on disk.
 * changed   called, on a thread of the keyring, after any issuer's keys changed; may be NULL.
 * tried     called after each try to fetch keys, good or bad, and when the keyring stops: whoever
 *           waits asks keyring_tried(); may be NULL.
 * waiting_max  how many requests may wait for one issuer's keys at a time.
 * ret_ring  given: keyring_stop() it.
 */
struct keyring_setup {
	const struct source *sources;
	size_t count;
	const char *state_dir;
	void (*changed)(void *context);
	void (*tried)(void *context);
	void *context;
	int waiting_max;
	struct keyring *previous; /* keys of unchanged sources are reused; or NULL */
};
MUST_CHECK bool keyring_start(
    const struct keyring_setup *setup, struct keyring **ret_ring, struct err *reterr);

/* Stop the threads and abort their fetches; waiting requests are released. The keys can still be
 * read afterwards. Call from one thread only. */
void keyring_halt(struct keyring *ring);

/* keyring_halt(), then free. Accepts NULL. */
void keyring_stop(struct keyring *ring);

/* The keys of issuer `index` (its place in `sources`), fresh or stale; NULL: none. given:
 * keyset_free() drops the reference. */
MUST_CHECK struct keyset *keyring_keys(const struct keyring *ring, size_t index);

/* May keys from that source be used at `mono_s` (clock_mono_s()), or have they grown stale? */
bool keyring_fresh(const struct keyset *set, const struct source *source, int64_t mono_s);

/* Set the keys of a SOURCE_GIVEN issuer. taken: `set`. */
void keyring_give(struct keyring *ring, size_t index, struct keyset *set);

/* What a request that met an unknown kid waits for. */
struct keyring_try {
	size_t index; /* the issuer */
	uint64_t round;
	int64_t until_us; /* monotonic: as long as the source's timeout */
};

/*
 * A request met an unknown kid: ask for one refresh if the cooldown allows. True if a fetch is in
 * progress and not too many wait for it; then it counts as waiting until keyring_leave().
 */
MUST_CHECK bool keyring_join(
    struct keyring *ring, size_t index, int64_t mono_s, struct keyring_try *ret_try);
void keyring_leave(struct keyring *ring, const struct keyring_try *waited);

/* Is it over, or does the keyring stop? */
bool keyring_tried(const struct keyring *ring, const struct keyring_try *waited);

/* A copy of the issuer's state. */
void keyring_state(const struct keyring *ring, size_t index, struct keyring_state *ret_state);

#endif

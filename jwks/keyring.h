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
 * ret_ring  given: keyring_stop() it.
 */
struct keyring_setup {
	const struct source *sources;
	size_t count;
	const char *state_dir;
	void (*changed)(void *context);
	void *context;
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

/*
 * A request met an unknown kid: ask for one refresh if the cooldown allows. True if a fetch is in
 * progress; then keyring_await() *ret_round.
 */
MUST_CHECK bool keyring_ask(
    struct keyring *ring, size_t index, int64_t mono_s, uint64_t *ret_round);

/*
 * Wait until it has ended, at most the source's timeout. True: it has.
 *
 * wait  waits until the descriptor is readable or the monotonic deadline has passed; it may return
 *       early. The caller's, since only it knows how it may wait.
 */
typedef void keyring_wait(int fd, int64_t deadline_us);
bool keyring_await(struct keyring *ring, size_t index, uint64_t round, keyring_wait *wait);

/* A copy of the issuer's state. */
void keyring_state(const struct keyring *ring, size_t index, struct keyring_state *ret_state);

#endif

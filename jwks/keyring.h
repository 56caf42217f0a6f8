/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring - the live keys of all issuers: fetched, kept fresh and swapped by threads of its own.
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

/* What the gate is told about one issuer, for /readyz, /metrics and `postern jwks`. */
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
 * Start: read what can be read at once (files, given sets, the last good sets under `state_dir`)
 * and begin to fetch the rest in the background. An identity provider that is down is not a
 * failure; an unreadable or bad jwks_file is.
 *
 * sources   borrowed, copied.
 * state_dir borrowed; NULL: nothing is kept on disk.
 * changed   called, on a thread of the keyring, after any issuer's keys changed; may be NULL.
 * ret_ring  given: keyring_stop() it.
 */
struct keyring_setup {
	const struct source *sources;
	size_t count;
	const char *state_dir;
	void (*changed)(void *context);
	void *context;
	struct keyring
	    *previous; /* its keys are taken over where the source is the same; or NULL */
};
MUST_CHECK bool keyring_start(
    const struct keyring_setup *setup, struct keyring **ret_ring, struct err *reterr);

/* Ends its threads, aborting fetches that are under way; nobody waits for them any more. What is
 * known may still be asked for. On one thread. */
void keyring_halt(struct keyring *ring);

/* The same, and free it. Accepts NULL. */
void keyring_stop(struct keyring *ring);

/* The keys of issuer `index` (its place in `sources`), be they fresh or not; NULL: there are none.
 * given: keyset_free() drops the reference. */
MUST_CHECK struct keyset *keyring_keys(const struct keyring *ring, size_t index);

/* May keys from that source be used at `mono_s` (clock_mono_s()), or have they grown stale? */
bool keyring_fresh(const struct keyset *set, const struct source *source, int64_t mono_s);

/* Hand in the keys of a SOURCE_GIVEN issuer. taken: `set`. */
void keyring_give(struct keyring *ring, size_t index, struct keyset *set);

/*
 * A request met an unknown kid: ask for one refresh if the cooldown allows. True when a fetch is
 * under way, so that waiting makes sense: keyring_await() what *ret_round says.
 */
MUST_CHECK bool keyring_ask(
    struct keyring *ring, size_t index, int64_t mono_s, uint64_t *ret_round);

/* Wait until it has ended, at most the source's timeout. True: it has. */
bool keyring_await(struct keyring *ring, size_t index, uint64_t round);

/* A copy of what is known. */
void keyring_state(const struct keyring *ring, size_t index, struct keyring_state *ret_state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_keys - one issuer of a keyring: its current key set, and the state of its refreshes.
 * Internal: only keyring.c and issuer_keys.c include it.
 *
 * Uses:   source, refresh_schedule, keyset, fetch, keys_on_disk.
 * Shell:  network, files.
 */
#ifndef POSTERN_JWKS_ISSUER_KEYS_H
#define POSTERN_JWKS_ISSUER_KEYS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/worker.h"
#include "jwks/discovery.h"
#include "jwks/fetch.h"
#include "jwks/keyset.h"
#include "jwks/refresh_schedule.h"
#include "jwks/source.h"

struct issuer_keys {
	struct source source;  /* texts are owned */
	const char *state_dir; /* lent by the keyring; NULL: keys are not stored on disk */
	atomic_bool stop;
	struct keyring *ring;  /* lent: the keyring that it belongs to */
	struct worker *worker; /* NULL: its keys are given */
	pthread_mutex_t lock;  /* guards what is below */
	struct keyset *keys;   /* NULL: none yet */
	struct refresh_schedule schedule;
	struct buffer json; /* the document of `keys` */
	struct stat file;   /* SOURCE_FILE: as it was when it was read, */
	int64_t file_s;     /* which was then */
	char last_error[512];
	enum failure last_failure;
	uint64_t fetches[FAILURE_COUNT]; /* by how they ended */
	char etag[FETCH_ETAG_ROOM];      /* of the set in use, its thread's alone */
	char tagged[DISCOVERY_URL_ROOM]; /* where `etag` came from */
	uint64_t rounds;                 /* finished tries */
	int waiting;                     /* requests that wait for a round */
	bool asking, wanted, reported_bad;
	bool unkept;          /* good keys came that are not yet on disk */
	bool reported_unkept; /* of its thread alone */
};

/* Copy the source; nothing runs yet. */
MUST_CHECK bool issuer_keys_init(struct issuer_keys *issuer, const struct source *source,
    const char *state_dir, struct err *reterr);

/* Free what it owns. Only after its thread has ended. */
void issuer_keys_done(struct issuer_keys *issuer);

/*
 * Get the keys once, from whatever source, and update the state. True if the key set has changed.
 *
 * now_s  clock_mono_s().
 */
bool issuer_keys_ask(struct issuer_keys *issuer, int64_t now_s);

/* Store the last fetched set on disk, if it was good and storage is configured. This is a separate
 * step so that a slow disk delays neither requests nor new keys. */
void issuer_keys_keep(struct issuer_keys *issuer);

/* Start with the keys stored on disk, or with the same issuer's set from an earlier keyring. */
void issuer_keys_recall(struct issuer_keys *issuer, struct issuer_keys *earlier);

/* Use this set from now on (taken) as good since good_s; `json` may be empty. Call with the lock
 * held. True if it differs from the previous one. */
bool issuer_keys_settle(
    struct issuer_keys *issuer, struct keyset *set, struct span json, int64_t good_s);

/* Are both the same issuer at the same place? */
bool issuer_keys_alike(const struct issuer_keys *a, const struct issuer_keys *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world - everything a request is judged and forwarded by, as one snapshot that is swapped whole:
 * configuration and policy, the keyring, the local issuer, the upstreams.
 *
 * Uses:   config, upstream, issuer, jwks (keyring), base (epoch).
 * Shell:  starts threads and opens files.
 * Threads: read it between epoch_enter() and epoch_leave(); hold it to use it longer.
 */
#ifndef POSTERN_PROXY_WORLD_H
#define POSTERN_PROXY_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/issuer.h"
#include "jwks/keyring.h"
#include "proxy/config.h"
#include "proxy/fallback.h"
#include "proxy/judge.h"
#include "proxy/upstream.h"

struct world {
	struct config *config;
	struct keyring *ring;
	struct issuer *issuer; /* NULL without a local issuer */
	struct memory *memory; /* of local issuers, from the first world on */
	struct fallback *fallback;
	uint64_t followed; /* generation of the issuer that the keyring knows; of world_tend() */
	struct upstream *upstream;   /* the default; NULL when every module has its own */
	struct upstream **upstreams; /* by module->index; NULL entries use the default */
	uint64_t serial;             /* counts worlds */
	atomic_int holds;
	struct world *next_buried; /* see gate_tend() */
	_Atomic(struct world *) *grave;
};

/*
 * Make a world of a configuration and start what is in it.
 *
 * config    taken, also on failure.
 * previous  the world that it replaces, or NULL: its keys, and its local issuer if that is
 *           configured alike, are taken over; the caller retires it when this succeeded.
 */
MUST_CHECK bool world_new(
    struct config *config, struct world *previous, struct world **ret_world, struct err *reterr);

/* Stop and free all of it, once nobody holds it any more; may wait for those. Accepts NULL. */
void world_free(struct world *world);

/* Keep house: does the local issuer stand by, and which keys has it? On one thread, now and then.
 */
void world_tend(struct world *world, int64_t mono_s);

/* Use it beyond the epoch: hold inside the epoch, drop at any time. Only for what waits. */
void world_hold(struct world *world);
void world_drop(struct world *world);

/* The upstream that serves a module (NULL: no module). NULL: none is configured for it. */
struct upstream *world_upstream(const struct world *world, const struct module *module);

/* Its upstreams, each once; lent as long as the world is. Returns how many of `room`. */
size_t world_upstreams(const struct world *world, struct upstream **list, size_t room);

/* What to judge by, at `now_s` (Unix seconds). */
struct facts world_facts(const struct world *world, int64_t now_s);

/* Grows whenever anything that a verdict rests on has changed. */
uint64_t world_stamp(const struct world *world);

#endif

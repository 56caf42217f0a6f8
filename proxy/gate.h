/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - one request, top to bottom: accept, who, may they, forward or refuse, log.
 *
 * Uses:   everything in proxy/.
 * Threads: gate_serve() runs on many at once.
 */
#ifndef POSTERN_PROXY_GATE_H
#define POSTERN_PROXY_GATE_H

#include <stdatomic.h>

#include "base/check.h"
#include "proxy/cache.h"
#include "proxy/exchange.h"
#include "proxy/metrics.h"
#include "proxy/world.h"

struct gate {
	_Atomic(struct world *) world; /* read it inside an epoch */
	_Atomic(struct world *) grave; /* worlds that nobody judges by any more */
	atomic_bool tell_detail;       /* answers.detail of the world: public */
	struct cache *cache;
	struct metrics *metrics;
};

/* Ready a gate for its first world (taken on success). */
MUST_CHECK bool gate_init(struct gate *gate, struct world *world, struct err *reterr);

/* Free it and its world, when nothing is served any more. */
void gate_done(struct gate *gate);

/* taken: `world` serves from now on; the former ends when its last request has. */
void gate_swap(struct gate *gate, struct world *world);

/* End the former worlds that nobody holds any more. Ending one joins threads, so it is for a
 * housekeeping thread, never a request's. */
void gate_tend(struct gate *gate);

/* listener_setup.serve: `context` is the gate. */
void gate_serve(void *context, struct exchange *exchange);

/* listener_setup.refuse: what the engine could not read is refused, counted and logged alike. */
void gate_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail);

#endif

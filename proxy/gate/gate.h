/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - one request, top to bottom: accept, who, may they, forward or refuse, log.
 *
 * Uses:   everything in proxy/.
 * Threads: gate_serve() runs on many at once.
 */
#ifndef POSTERN_PROXY_GATE_GATE_H
#define POSTERN_PROXY_GATE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/hold.h"
#include "proxy/gate/cache.h"
#include "proxy/listener/exchange.h"
#include "proxy/gate/metrics.h"
#include "proxy/gate/services.h"
#include "proxy/gate/snapshot.h"

struct gate {
	struct hold *hold;    /* of the snapshot that counts */
	pthread_mutex_t lock; /* of the next two */
	struct services *services;
	bool unrenewed;          /* there was no memory for a snapshot of what there is now */
	atomic_bool tell_detail; /* answers.detail of the configuration: public */
	struct cache *cache;
	struct metrics *metrics;
};

/* Ready a gate without services. */
MUST_CHECK bool gate_init(struct gate *gate, struct err *reterr);

/* Free it and its services, when nothing is served any more. */
void gate_done(struct gate *gate);

/* taken: `services` serve from now on. Returns the former ones (NULL: none), given: services_end()
 * them. */
struct services *gate_swap(struct gate *gate, struct services *services);

/* services_setup.changed: `context` is the gate. Whoever asks after this call is judged by what
 * there is now. */
void gate_renew(void *context);

/* Keep house, on one thread, now and then. */
void gate_tend(struct gate *gate);

/* listener_setup.serve: `context` is the gate. */
void gate_serve(void *context, struct exchange *exchange);

/* listener_setup.refuse: what the engine could not read is refused, counted and logged alike. */
void gate_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail);

#endif

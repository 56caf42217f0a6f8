/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - one request, top to bottom: admit, authenticate, authorize, forward or refuse, log.
 *
 * Uses:   everything in proxy/.
 * Threads: gate_serve() runs on many at once.
 */
#ifndef POSTERN_PROXY_GATE_GATE_H
#define POSTERN_PROXY_GATE_GATE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/hold.h"
#include "proxy/gate/cache.h"
#include "proxy/listener/exchange.h"
#include "proxy/gate/metrics.h"
#include "proxy/gate/recent.h"
#include "proxy/gate/services.h"
#include "proxy/gate/snapshot.h"
#include "proxy/io/condition.h"

struct gate {
	struct hold *hold;    /* of the current snapshot */
	pthread_mutex_t lock; /* of the next two */
	struct services *services;
	bool unrenewed; /* there was no memory for a new snapshot; to be tried again */
	struct cache *cache;
	struct metrics *metrics;
	struct recent *recent; /* decisions, by their request id; NULL, as after gate_init(): none
				* are kept. To be set before the first request */
	pthread_mutex_t keys_lock;
	struct condition keys; /* keys of an issuer were tried to be fetched */
	char via[32];          /* what it calls itself in Via: other gates have other names */
};

/* Initialize a gate without services. token_cache_bytes: see cache_new(). */
MUST_CHECK bool gate_init(struct gate *gate, size_t token_cache_bytes, struct err *reterr);

/* Free it and its services. No request may be under way. */
void gate_done(struct gate *gate);

/* taken: requests use `services` from now on. Returns the previous ones (NULL: none), given:
 * services_end() them. */
struct services *gate_swap(struct gate *gate, struct services *services);

/* services_setup.changed: `context` is the gate. Requests that arrive after this call are judged by
 * the current state. */
void gate_renew(void *context);

/* Periodic housekeeping; call it from one thread. */
void gate_tend(struct gate *gate);

/* listener_setup.serve: `context` is the gate. */
void gate_serve(void *context, struct exchange *exchange);

/* listener_setup.refuse: a request that the engine could not read is refused, counted and logged
 * like any other. */
void gate_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail);

struct transaction;
struct decision;

/* Decide by the snapshot that the transaction holds, and set its reason. An unknown key is looked
 * up again once, and once more when a reload ended that refresh; never in a loop. */
void gate_decide(struct gate *gate, struct transaction *transaction, struct decision *decision);

/* Answer with the refusal that is the transaction's reason. */
void gate_deny(const struct gate *gate, struct transaction *transaction);

/* Count the request, write its log line, and keep what was decided. */
void gate_finish(struct gate *gate, struct transaction *transaction);

#endif

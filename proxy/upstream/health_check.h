/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health_check - ask an address of an upstream, from time to time, whether it is well.
 *
 * It is well when it answers a GET with 2xx or 3xx within HEALTH_CHECK_US. HEALTH_CHECK_FAILURES in
 * a row take it out, one good answer brings it back, and then what earlier requests have met is
 * forgotten, too.
 *
 * Uses:   upstream, response, wait, base (worker, log).
 * Shell:  a thread of its own for each address, which no request, reload or stop waits for.
 * Threads: one starts and halts it, any asks.
 */
#ifndef POSTERN_PROXY_UPSTREAM_HEALTH_CHECK_H
#define POSTERN_PROXY_UPSTREAM_HEALTH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/upstream/upstream.h"

#define HEALTH_CHECK_US (5 * INT64_C(1000000))
#define HEALTH_CHECK_FAILURES 2

struct health_check;

/* How to ask. All is borrowed. */
struct health_check_setup {
	struct upstream *upstream;
	const char *path; /* and query */
	struct span host; /* the header Host; at == NULL: that of the upstream's URL */
	int64_t every_ms;
};

/* It does not ask yet. NULL: no memory. given: health_check_free() it. */
MUST_CHECK struct health_check *health_check_new(const struct health_check_setup *setup);

/* If both ask the same of the same address, what the other one has found holds for this one, until
 * it has asked itself. */
void health_check_take_over(struct health_check *check, const struct health_check *other);

/* Ask from now on. Does nothing if it does already; without memory or a thread it does not yet. */
void health_check_start(struct health_check *check);

/* Ask no more; a question that is under way ends at once, and nobody waits for it. */
void health_check_halt(struct health_check *check);

/* taken: halt it, too. Accepts NULL. */
void health_check_free(struct health_check *check);

/* Has it found that the address is not well? NULL: no. */
bool health_check_failed(const struct health_check *check);

#endif

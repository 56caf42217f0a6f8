/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics - the gate's counters, and their Prometheus text.
 *
 * Uses:   base.
 * Threads: any. Counters are spread over cache lines, so that cores do not contend for one.
 */
#ifndef POSTERN_PROXY_GATE_METRICS_H
#define POSTERN_PROXY_GATE_METRICS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/reason.h"

struct metrics;

/* NULL: no memory. */
MUST_CHECK struct metrics *metrics_new(void);

/* Accepts NULL. */
void metrics_free(struct metrics *metrics);

/* Count one request by its reason, and its time from head to end. */
void metrics_request(struct metrics *metrics, enum reason reason, int64_t duration_us);

/* postern_requests_total{reason="…"} and the duration histogram (text format 0.0.4). */
void metrics_text(const struct metrics *metrics, struct buffer *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_metrics - the text of /metrics: what the gate counts, and how the parts that it runs are
 * (Prometheus text format 0.0.4).
 *
 * Uses:   admin, metrics, services, keyring, upstream.
 */
#ifndef POSTERN_PROXY_GATE_ADMIN_METRICS_H
#define POSTERN_PROXY_GATE_ADMIN_METRICS_H

#include "base/buffer.h"
#include "proxy/gate/admin.h"

/* Append all of it. `services` are those of the snapshot that the caller holds. */
void admin_metrics_text(
    const struct admin *admin, const struct services *services, struct buffer *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxied - who begins connections with a PROXY header (`listen.proxy_protocol`).
 *
 * Uses:   gate, snapshot.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_GATE_PROXIED_H
#define POSTERN_PROXY_GATE_PROXIED_H

#include <stdbool.h>

#include "base/span.h"

/* listener_setup.greets: `context` is the gate. By the configuration of now. */
bool proxied_greets(void *context, struct span peer);

#endif

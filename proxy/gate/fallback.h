/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fallback - does the local issuer stand by, or is it in force? Watches the other issuers' keys.
 *
 * Uses:   config, issuer (standby), jwks (keyring).
 * Shell:  the log, and STATE/fallback.json, from which `postern explain` learns what the gate does.
 * Times are those of clock_mono_s().
 * Threads: fallback_look() on one at a time, the rest on any.
 */
#ifndef POSTERN_PROXY_GATE_FALLBACK_H
#define POSTERN_PROXY_GATE_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "jwks/keyring.h"
#include "proxy/config/config.h"

struct fallback;

/* Begin to stand by at `now_s`, or go on as `previous` (may be NULL). NULL: no memory. */
MUST_CHECK struct fallback *fallback_new(const struct fallback *previous, int64_t now_s);

/* Accepts NULL. */
void fallback_free(struct fallback *fallback);

/* Look at the keys of all third-party issuers, once a second at most. Logs it when the local issuer
 * comes in force or ceases to be. */
void fallback_look(struct fallback *fallback, const struct config *config,
    const struct keyring *ring, int64_t now_s);

/* Write down for fallback_recall() what has changed: a slow disk holds up nobody. */
void fallback_keep(struct fallback *fallback, const struct config *config);

/* What a gate over the same `state` wrote last; standing by when there is nothing. */
void fallback_recall(struct fallback *fallback, const char *state_dir);

/* Do tokens of the local issuer count? */
bool fallback_in_force(const struct fallback *fallback);

/* Since when it is as it is; 0: since the start. */
int64_t fallback_since_s(const struct fallback *fallback);

/* How often it came in force or ceased to be. */
uint64_t fallback_changes(const struct fallback *fallback);

#endif

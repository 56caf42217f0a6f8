/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fallback - is the local issuer on standby or active? Depends on the keys of the other issuers.
 *
 * Uses:   config, issuer (standby), jwks (keyring).
 * Shell:  the log, and STATE/fallback.json, which `postern explain` reads. Times are those of
 * clock_mono_s().
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

/* Start on standby at `now_s`, or in the state of `previous` (may be NULL). NULL: no memory. */
MUST_CHECK struct fallback *fallback_new(const struct fallback *previous, int64_t now_s);

/* Accepts NULL. */
void fallback_free(struct fallback *fallback);

/* Check the keys of all third-party issuers, at most once a second. Logs when the local issuer
 * becomes active or returns to standby. */
void fallback_look(struct fallback *fallback, const struct config *config,
    const struct keyring *ring, int64_t now_s);

/* Save a changed state for fallback_recall(). Separate from fallback_look(), so that a slow disk
 * does not delay it. */
void fallback_keep(struct fallback *fallback, const struct config *config);

/* Read what a gate with the same `state` saved last; on standby when there is nothing. */
void fallback_recall(struct fallback *fallback, const char *state_dir);

/* Are tokens of the local issuer accepted? */
bool fallback_in_force(const struct fallback *fallback);

/* When the state last changed; 0: not since the start. */
int64_t fallback_since_s(const struct fallback *fallback);

/* How often the state changed. */
uint64_t fallback_changes(const struct fallback *fallback);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next_count - how often the policy of `policy_next` would have decided otherwise, by privilege.
 *
 * Uses:   next, config, base.
 * Threads: any; the list of privileges never changes.
 */
#ifndef POSTERN_PROXY_GATE_NEXT_COUNT_H
#define POSTERN_PROXY_GATE_NEXT_COUNT_H

#include "base/buffer.h"
#include "base/check.h"
#include "proxy/config/config.h"
#include "proxy/gate/next.h"

struct next_count;

/* For the privileges of both policies; config->next is set. NULL: no memory. next_count_free() it.
 */
MUST_CHECK struct next_count *next_count_new(const struct config *config);

/* Accepts NULL. */
void next_count_free(struct next_count *count);

/* Count one that is not NEXT_SAME. */
void next_count_add(struct next_count *count, const struct next *next);

/* The metrics (text format 0.0.4). */
void next_count_text(const struct next_count *count, struct buffer *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify - who is the caller: found in the cache, or verified now.
 *
 * Uses:   gate, transaction, judge, cache, io (offload).
 * Shell:  has passwords hashed.
 */
#ifndef POSTERN_PROXY_GATE_IDENTIFY_H
#define POSTERN_PROXY_GATE_IDENTIFY_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/transaction.h"

/* The context of identify_caller(). */
struct identify {
	struct gate *gate;
	struct transaction *transaction;
};

/* judge_who.find of the gate: find the caller of whatever credentials were read. */
MUST_CHECK enum reason identify_caller(
    void *context, const struct judge_inputs *inputs, struct decision *decision);

/* The same for a bearer token alone; the caller is lent by the arena. */
MUST_CHECK enum reason identify_bearer(struct gate *gate, const struct judge_inputs *inputs,
    struct arena *arena, struct decision *decision);

#endif

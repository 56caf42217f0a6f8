/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_why - for `postern explain`: what is known of the caller, so that each line of
 * `granted_to` can be compared with it.
 *
 * Uses:   assume, proxy (judge, snapshot), policy (why).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_WHY_H
#define POSTERN_PROXY_GATE_EXPLAIN_WHY_H

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "policy/why.h"
#include "proxy/gate/judge.h"

/* What was decided, and about whom. All borrowed. */
struct explain_why {
	const struct judge_inputs *inputs;
	const struct decision *decision;
	json_t *payload;     /* claims that were assumed; NULL: none were */
	struct arena *arena; /* lends the lines */
};

/*
 * The lines of the roles that the deciding privilege wants.
 *
 * ret_first  NULL: there are none, or it is not known who asks. Set on success only.
 * False: no memory.
 */
MUST_CHECK bool explain_why(const struct explain_why *why, const struct why_line **ret_first);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_checks - for explanations: the checks of the token that was presented or assumed.
 *
 * Uses:   judge, token (steps).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_CHECKS_H
#define POSTERN_PROXY_GATE_EXPLAIN_CHECKS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "proxy/gate/judge.h"
#include "token/steps.h"

/* What was decided, and about whom. All borrowed. */
struct explain_checks {
	const struct judge_inputs *inputs;
	const struct decision *decision;
	json_t *payload;     /* claims that were assumed; NULL: none were */
	struct arena *arena; /* lends the steps */
};

/*
 * The checks of the token, by the issuer that it names.
 *
 * ret_first  NULL: no token was looked at, it cannot be read, or its issuer is unknown. Set on
 *            success only.
 * False: no memory.
 */
MUST_CHECK bool explain_checks(const struct explain_checks *checks, const struct step **ret_first);

#endif

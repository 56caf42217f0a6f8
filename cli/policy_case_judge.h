/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_case_judge - what the gate would decide about a case of `postern test`, by the same steps
 * as for a request, and in what that differs from what the case expects.
 *
 * Uses:   policy_case, assume, explain_own, proxy (judge).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_POLICY_CASE_JUDGE_H
#define POSTERN_CLI_POLICY_CASE_JUDGE_H

#include <stdint.h>

#include "cli/policy_case.h"
#include "proxy/gate/judge.h"

/* What came of a case. */
struct policy_case_result {
	const char *pattern;               /* that matched; NULL: none */
	const struct host_set *host;       /* whose pattern it is; NULL: every host's */
	const struct privilege *privilege; /* that decided; NULL: none */
	const struct principal *principal; /* who asked, of whom only the roles are left; NULL:
					      nobody, or refused */
	const char *differs;               /* from what was expected; NULL: nothing does */
};

/*
 * Judge one case; no file, database or key is looked at. A client and a user are in the database
 * with the roles that the case gives them.
 *
 * arena       lends the result and what it refers to.
 * ret_result  set on success only.
 * False: no memory.
 */
MUST_CHECK bool policy_case_judge(const struct config *config, const struct policy_case *one,
    struct arena *arena, struct policy_case_result *ret_result);

#endif

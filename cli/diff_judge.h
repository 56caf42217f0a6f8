/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_judge - would another policy decide otherwise about a request of the access log?
 *
 * Uses:   diff_roles, policy (decide), proxy (config).
 * Pure:   yes (allocates from the arena).
 */
#ifndef POSTERN_CLI_DIFF_JUDGE_H
#define POSTERN_CLI_DIFF_JUDGE_H

#include "base/arena.h"
#include "base/json.h"
#include "base/reason.h"
#include "cli/diff_roles.h"
#include "proxy/config/config.h"

enum diff_outcome {
	DIFF_NO_REQUEST, /* a line about something else */
	DIFF_SAME,
	DIFF_CHANGED,
	DIFF_UNDECIDABLE
};

/* Texts are static, or lent by the line, the policies or the arena. */
struct diff_found {
	enum diff_outcome outcome;
	const char *why; /* with DIFF_UNDECIDABLE */
	struct span method, path;
	enum reason old, new; /* with DIFF_CHANGED */
	const char *old_privilege, *new_privilege, *old_pattern, *new_pattern; /* may be NULL */
	struct span caller; /* the client, the user or the subject; at == NULL: nobody */
};

/*
 * Judge one line.
 *
 * config  with the new policy in config->next.
 * line    an object of the log.
 */
struct diff_found diff_judge(const struct config *config, const struct diff_policies *policies,
    const json_t *line, struct arena *arena);

#endif

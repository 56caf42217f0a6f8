/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_roles - the roles that a caller of the access log has by another policy than the one by
 * which it was logged.
 *
 * Uses:   policy, base (json).
 * Pure:   yes (allocates from the arena).
 */
#ifndef POSTERN_CLI_DIFF_ROLES_H
#define POSTERN_CLI_DIFF_ROLES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "policy/policy.h"
#include "policy/principal.h"
#include "token/verify.h"

/* Two policies, and what is written in their files. Borrowed. */
struct diff_policies {
	const struct policy *old, *new;
	const json_t *old_text, *new_text;
};

/* A caller as the log names it. Borrowed. */
struct diff_caller {
	const struct claims
	    *claims; /* issuer, subject, client, scopes and groups; NULL: no token */
	struct principal_store store;
	struct span certificate; /* at == NULL: none */
	struct span peer;        /* the client's address */
	const json_t *roles;     /* the names that it has by the old policy, a list */
	bool local;              /* it is in the local issuer's store, which may grant roles */
};

/* Fill in the roles by the old policy: those that were logged. False: no memory. */
MUST_CHECK bool diff_roles_old(const struct diff_policies *policies,
    const struct diff_caller *caller, struct principal *principal, struct arena *arena);

/*
 * The same by the new policy. What depends on something that is not in the log (role claims, other
 * claims, a grant of the store that the old policy hides) is in principal->unsure. False: no
 * memory.
 */
MUST_CHECK bool diff_roles_new(const struct diff_policies *policies,
    const struct diff_caller *caller, struct principal *principal, struct arena *arena);

#endif

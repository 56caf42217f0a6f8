/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - a decision as JSON: the request, the matching rule, the caller, the caller's
 * roles and scopes, and those required.
 *
 * Uses:   decide, policy, principal, base (buffer), jansson.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_POLICY_EXPLAIN_H
#define POSTERN_POLICY_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/reason.h"
#include "policy/decide.h"
#include "policy/why.h"
#include "token/steps.h"

/* All borrowed. */
struct explanation {
	struct span method;
	struct span path; /* canonical, or as sent when it cannot be read */
	const struct policy *policy;
	const struct route_match *route;   /* NULL: it did not come to that */
	const struct principal *principal; /* NULL: no credentials, or they were refused */
	const struct verdict *verdict;     /* NULL: it did not come to that */
	const char *issuer;                /* that the token names; NULL: not known, or none */
	struct span certificate;           /* subject of the client's; at == NULL: none */
	enum reason reason;                /* overall: REASON_OK forwards */
	int own_status; /* what the gate itself answers there; 0: it is none of its own endpoints */
	const char *detail;       /* may be NULL */
	const char *upstream;     /* URL; NULL: it is not forwarded, or none is configured */
	const char *forwarded;    /* the target as the upstream gets it; NULL: as above */
	const struct step *steps; /* of the token; NULL: there is none, or its issuer is unknown */
	const struct why_line *why; /* of the privilege's roles; NULL: there are none, or it is not
				       known who asks */
};

/*
 * Append an object (JSON) with the members verdict ("forward", "refuse", or "answer" for the gate's
 * own endpoints), reason, status (of an answer: `own_status`), detail, method,
 * path, pattern, patterns (all that match, the one that decides first; null: it did not come to
 * that), host (the entry of `hosts` that they are for), privilege, label, module, public,
 * shadow_reason, roles, roles_wanted, scopes, scopes_wanted, match (its lines: {segment, claim,
 * wanted, found}), rates (of the privilege and the module: {of, name, limit, burst, by}), upstream,
 * forwarded (the target that the upstream gets), authenticated, issuer, subject, client,
 * client_name, user, certificate, ignored_entries (of the token's lists, since they are no text),
 * revoked (null: explain_revoked() of the gate knows), checks (of the token, in their order:
 * {check, expected, found, holds}, where holds is null for what was not reached), granted_to (the
 * lines of the wanted roles, see why_print.h), to_pass (what would make a request that lacks a role
 * or a scope pass). What is not known is null; lists are empty. It is written as a text at once,
 * since a refusal is kept as one.
 */
void explain_write(const struct explanation *explanation, struct buffer *buffer);

/* The same as a value. Returns it given: json_decref() it. NULL: no memory. */
MUST_CHECK json_t *explain_json(const struct explanation *explanation);

#endif

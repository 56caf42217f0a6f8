/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why_print - the lines of why.h, and what would make the request pass, as JSON.
 *
 * Uses:   why, principal, base (buffer), jansson.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_POLICY_WHY_PRINT_H
#define POSTERN_POLICY_WHY_PRINT_H

#include "base/buffer.h"
#include "base/check.h"
#include "policy/why.h"

/* What is needed to say what would pass. Borrowed. */
struct why_print {
	const struct why_line *first;
	const struct policy *policy;
	const struct privilege *privilege;
	const struct principal *principal; /* NULL: unauthenticated */
};

/* Append a line as an object (JSON): role, file, line, asks, holds, failed, of_several, wanted,
 * found, near. */
void why_print_write(const struct why_line *line, struct buffer *buffer);

/*
 * Call `tell` for each way by which the caller would pass, most direct first: a scope of the
 * privilege, a role that the operator grants to a client or user of the local issuer, a line of
 * `granted_to`. If the caller has a role that the privilege denies, only for that one; if it lacks
 * one of all_roles, for each of those, all of which are needed.
 */
void why_print_ways(
    const struct why_print *why, void (*tell)(void *context, const char *way), void *context);

#endif

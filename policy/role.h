/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - the `roles` of policy.yaml, and the conditions that grant them.
 *
 * Uses:   reader, document, schema.
 * Pure:   yes.
 * Limits: POLICY_MAX_ROLES.
 */
#ifndef POSTERN_POLICY_ROLE_H
#define POSTERN_POLICY_ROLE_H

#include "policy/reader.h"

/* The keys of a role and of a line of `granted_to`; for the manual. */
extern const struct field role_fields[];
extern const struct field grant_fields[];

/* Read `roles` (may be NULL) into the policy, sorted by name. Every mistake is reported. */
void role_read(struct reader *reader, const struct node *roles);

/* Can any caller get the role? Always true with a local issuer: its store grants roles too. */
bool role_can_be_had(const struct role *role, const struct policy_names *names);

/* The role of that name, or NULL. */
const struct role *role_find(const struct policy *policy, struct span name);

#endif

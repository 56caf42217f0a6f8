/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege - the `privileges` of policy.yaml.
 *
 * Uses:   reader, module, role, rule, document, schema.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_PRIVILEGE_H
#define POSTERN_POLICY_PRIVILEGE_H

#include "policy/reader.h"

/* The keys of a privilege; for the manual. */
extern const struct field privilege_fields[];

/* Read `privileges` (may be NULL) into the policy and its rules; read roles and modules first.
 * Every mistake is reported. */
void privilege_read(struct reader *reader, const struct node *privileges);

/* Can `methods` have it: capitals, digits, "-" and "_" only? */
bool privilege_is_method(const char *text);

#endif

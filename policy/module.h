/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module - the `modules` of policy.yaml: the APIs behind the gate.
 *
 * Uses:   reader, pattern, document, schema.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_MODULE_H
#define POSTERN_POLICY_MODULE_H

#include "policy/reader.h"

/* The keys of a module; for the manual. */
extern const struct field module_fields[];

/* Read `modules` (may be NULL) into the policy. Every mistake is reported. */
void module_read(struct reader *reader, const struct node *modules);

/* The words of `path_allow` for these mild ambiguities (enum target_mild), as in a list of YAML.
 * Static, or lent by the arena, of which there must be enough; "" for 0. */
const char *module_allow_words(unsigned mild, struct arena *arena);

/* The module of that name, or NULL. */
const struct module *module_find(const struct policy *policy, const char *name);

#endif

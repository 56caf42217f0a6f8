/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module_resource - a module as a protected resource: which audience its tokens have, and which
 * privileges open it.
 *
 * Uses:   policy, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_MODULE_RESOURCE_H
#define POSTERN_POLICY_MODULE_RESOURCE_H

#include <stdbool.h>

#include "policy/policy.h"

/* The audiences of which a token must have one on the module's paths (NULL: no module). Lent by the
 * policy; NULL: those of the token's issuer. */
const struct texts *module_resource_audiences(const struct module *module);

/* Is the same demanded on the paths of both, perhaps of two policies? */
bool module_resource_same(const struct module *a, const struct module *b);

/*
 * Does the privilege open paths of the module, or of another module with the same `resource`? It
 * does if it lists the module or has a path within it. One that is for a wider path, such as "/*",
 * counts only where no privilege is for the module itself.
 */
bool module_resource_opened(
    const struct policy *policy, const struct module *module, const struct privilege *privilege);

#endif

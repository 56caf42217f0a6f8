/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module_resource - which privileges open the API that a module's `resource` is.
 *
 * Uses:   policy, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_MODULE_RESOURCE_H
#define POSTERN_POLICY_MODULE_RESOURCE_H

#include <stdbool.h>

#include "policy/policy.h"

/*
 * Does the privilege open paths of the module, or of another module with the same `resource`? It
 * does if it lists the module or has a path within it. One that is for a wider path, such as "/*",
 * counts only where no privilege is for the module itself.
 */
bool module_resource_opened(
    const struct policy *policy, const struct module *module, const struct privilege *privilege);

#endif

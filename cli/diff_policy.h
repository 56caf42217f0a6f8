/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_policy - in what two policy files differ, key by key.
 *
 * Uses:   base (json, buffer).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_DIFF_POLICY_H
#define POSTERN_CLI_DIFF_POLICY_H

#include "base/check.h"
#include "base/json.h"

/*
 * The differences: a list of {"at": POINTER, "old": …, "new": …}, without "old" for what was added
 * and without "new" for what is gone. The order of texts in a list does not count. Given:
 * json_decref() it. NULL: no memory.
 */
MUST_CHECK json_t *diff_policy(json_t *old, json_t *new);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_json - a YAML value as JSON: for claims that are written in a YAML file.
 *
 * Uses:   base (document, json).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_NODE_JSON_H
#define POSTERN_CLI_NODE_JSON_H

#include "base/check.h"
#include "base/document.h"
#include "base/json.h"

/*
 * The value, its maps and lists included. A scalar without quotes that is JSON by itself (a number,
 * true, false, null) is that, and any other one is a string.
 *
 * Returns it given: json_decref() it. NULL: no memory.
 */
MUST_CHECK json_t *node_json(const struct node *node);

#endif

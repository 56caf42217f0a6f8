/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_plain - JSON as identity providers write it, read without jansson's lexer, which takes four
 * times as long.
 *
 * Uses:   span, jansson (whose values it makes).
 * Pure:   yes (allocates).
 * Limits: JSON_PLAIN_DEPTH levels.
 */
#ifndef POSTERN_BASE_JSON_PLAIN_H
#define POSTERN_BASE_JSON_PLAIN_H

#include <jansson.h>

#include "base/check.h"
#include "base/span.h"

#define JSON_PLAIN_DEPTH 8

/*
 * An object or a list of objects, lists, strings of printable ASCII without escapes, whole numbers
 * of 1 to 18 digits, true, false and null. Exactly what jansson makes of the same text.
 *
 * Given: json_decref() it. NULL: it has anything else in it, right or wrong, or there is no memory:
 * ask jansson.
 */
MUST_CHECK json_t *json_plain(struct span text);

#endif

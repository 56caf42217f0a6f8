/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detail - outside text as part of the sentence that explains a refusal.
 *
 * Uses:   base.
 * Pure:   yes (allocates from the arena).
 */
#ifndef POSTERN_TOKEN_DETAIL_H
#define POSTERN_TOKEN_DETAIL_H

#include <jansson.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

/* Bytes of a value that are shown. */
#define DETAIL_VALUE_BYTES 64u

/* Values of a list that are shown. */
#define DETAIL_VALUES 8u

/*
 * `value` in quotes, cut at DETAIL_VALUE_BYTES; quotes, backslashes, control characters and bytes
 * that are not UTF-8 stand as \xHH. Lent by the arena; never NULL: "(…)" when there is no memory.
 */
const char *detail_quote(struct arena *arena, struct span value);

/* "x" or one of "x", "y": what was expected instead. */
const char *detail_expected(struct arena *arena, const struct texts *texts);

/* A claim as it is: a text in quotes, a number, an array of them in brackets, "an object". */
const char *detail_claim(struct arena *arena, const json_t *claim);

#endif

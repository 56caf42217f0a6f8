/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_number - numbers in JSON that neither int64 nor double can hold (RFC 8259 section 6 sets no
 * limit), which jansson refuses. They are kept as text.
 *
 * Uses:   span, buffer.
 * Pure:   yes (allocates).
 *
 * A text is marked before jansson reads it: such a number becomes a string that starts with NUL,
 * which no string of that text can. Afterwards each becomes an object with a member whose name no
 * document can write, so it is no number, string or list to anybody else.
 */
#ifndef POSTERN_BASE_JSON_NUMBER_H
#define POSTERN_BASE_JSON_NUMBER_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/span.h"

/* Most bytes of a marked text: the shortest such number ("1e309") has 5, its mark adds 8. */
#define JSON_NUMBER_MARKED(bytes) ((bytes) * 3 + 16)

/*
 * Append `text`, each number that is too large marked, to `into`, whose limit is
 * JSON_NUMBER_MARKED(text.len). False: a string writes a NUL, or there is no memory. What is not
 * JSON is copied as it is.
 */
MUST_CHECK bool json_number_mark(struct span text, struct buffer *into);

/*
 * Put values in the place of the marked strings.
 *
 * json  taken; at most JSON_MAX_DEPTH levels deep.
 * Returns it, or what stands in its place: given. NULL: there is no memory.
 */
MUST_CHECK json_t *json_number_unmark(json_t *json);

/* The text of such a number as it was written, lent; at == NULL for any other value. */
struct span json_number_text(const json_t *value);

#endif

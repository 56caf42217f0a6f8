/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_number - numbers in JSON that neither int64 nor double can hold (RFC 8259 section 6 sets no
 * limit), which jansson refuses. They are stored as text.
 *
 * Uses:   span, buffer.
 * Pure:   yes (allocates).
 *
 * A text is marked before jansson reads it: such a number becomes a string that starts with NUL,
 * which no string of that text can. Afterwards each becomes an object with a member name that no
 * document can contain, so other code does not take it for a number, string or list.
 */
#ifndef POSTERN_BASE_JSON_NUMBER_H
#define POSTERN_BASE_JSON_NUMBER_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/span.h"

/* Maximum size of a marked text: the shortest such number ("1e309") has 5 bytes, its mark adds
 * 8. */
#define JSON_NUMBER_MARKED(bytes) ((bytes) * 3 + 16)

/*
 * Append `text`, each number that is too large marked, to `into`, whose limit is
 * JSON_NUMBER_MARKED(text.len). False: a string contains an escaped NUL, or there is no memory.
 * Text that is not JSON is copied unchanged.
 */
MUST_CHECK bool json_number_mark(struct span text, struct buffer *into);

/*
 * Replace the marked strings with values.
 *
 * json  taken; at most JSON_MAX_DEPTH levels deep.
 * Returns it or its replacement: given. NULL: out of memory.
 */
MUST_CHECK json_t *json_number_unmark(json_t *json);

/* The text of such a number as written, lent; at == NULL for any other value. */
struct span json_number_text(const json_t *value);

#endif

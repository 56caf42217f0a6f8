/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8 - UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_UTF8_H
#define POSTERN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Bytes of the character that `text` starts with; 0 when it starts with none. */
size_t utf8_length(struct span text);

/* The same, and its code point. */
size_t utf8_read(struct span text, uint32_t *ret_point);

/* Is all of it UTF-8? */
bool utf8_valid(struct span text);

/* Is it safe in a name, a log line or on a terminal: UTF-8 without control characters
 * (U+0000..U+001F, U+007F..U+009F)? The empty text may. */
bool utf8_plain(struct span text);

#endif

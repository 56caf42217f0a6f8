/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer - bytes that grow at the end, up to a limit.
 *
 * Uses:   span, utf8.
 * Pure:   yes (allocates). One thread at a time.
 * Limits: `max_bytes` given to buffer_init. An append that does not fit, or for which there is
 *         no memory, is dropped whole and marks the buffer `failed` for good: check once, at the
 *         end.
 */
#ifndef POSTERN_BASE_BUFFER_H
#define POSTERN_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

struct buffer {
	char *at; /* owned unless lent, NUL-terminated when not NULL */
	size_t len;
	size_t room;
	size_t max_bytes;
	bool failed;
	bool lent; /* the bytes at `at` are the caller's: buffer_init_within() */
};

/* An empty buffer; allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t max_bytes);

/* The same, with `start_bytes` (at least one) of the caller's that are used until they are too few;
 * they must outlive the buffer. */
void buffer_init_within(struct buffer *buffer, size_t max_bytes, char *start, size_t start_bytes);

/* Free it. Accepts an empty one. */
void buffer_done(struct buffer *buffer);

/* Overwrite the bytes, then free: for secrets. */
void buffer_wipe(struct buffer *buffer);

/* Empty the buffer and clear any failure; the memory stays allocated. */
void buffer_reset(struct buffer *buffer);

/* Reserve room for this many bytes when the size is known in advance: saves reallocations. A size
 * over the limit sets the failure. */
void buffer_reserve(struct buffer *buffer, size_t bytes);

/* Append so many bytes that the caller writes next, and a NUL. Lent until the next change; NULL: as
 * buffer_add() fails. */
MUST_CHECK char *buffer_extend(struct buffer *buffer, size_t bytes);

/* Room for at least `least` bytes at the end, for a reader that does not know yet how many there
 * are: it writes up to *ret_room of them and says buffer_took(). Lent and NULL as above. */
MUST_CHECK char *buffer_space(struct buffer *buffer, size_t least, size_t *ret_room);
void buffer_took(struct buffer *buffer, size_t bytes);

/* Append a number in decimal digits. */
void buffer_add_number(struct buffer *buffer, int64_t number);

/* Append bytes, a C string, one byte, or formatted text. */
void buffer_add(struct buffer *buffer, struct span span);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_byte(struct buffer *buffer, char byte);
void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Append as a JSON string with its quotes (RFC 8259 section 7); bytes that are not UTF-8 become
 * U+FFFD. Safe for untrusted text: no byte of it can end the string or the line. */
void buffer_add_json(struct buffer *buffer, struct span span);

/* Is it the same inside of these quotes, since nothing in it needs an escape? */
bool buffer_json_plain(struct span span);

/* The content; lent until the next change. */
static inline struct span
buffer_span(const struct buffer *buffer)
{
	return (struct span){ buffer->at, buffer->len };
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span - a borrowed range of bytes: pointer and length.
 *
 * Uses:   nothing.
 * Pure:   yes. A span never owns its bytes; the function that returns it documents their lifetime.
 *         It may contain NUL bytes and is not NUL-terminated.
 */
#ifndef POSTERN_BASE_SPAN_H
#define POSTERN_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at; /* borrowed; NULL only when len is 0 */
	size_t len;     /* bytes */
};

/* A span over a string literal. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

/* For "%.*s". Lengths above INT_MAX do not occur: every reader has a size limit. */
#define SPAN_ARG(span) (int)(span).len, (span).at == NULL ? "" : (span).at

/* A span over a C string; NULL gives the empty span. */
static inline struct span
span_of(const char *text)
{
	return (struct span){ text, text == NULL ? 0 : strlen(text) };
}

/* Byte for byte equal. */
static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Byte for byte equal to a C string. */
static inline bool
span_is(struct span a, const char *text)
{
	return span_equal(a, span_of(text));
}

/* Are so many bytes equal when ASCII letters are folded? */
bool span_same_letters(const char *a, const char *b, size_t len);

/* Equal when ASCII letters are folded; no locale. Most that are compared differ in length. */
static inline bool
span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && span_same_letters(a.at, b.at, a.len);
}

/* Does `a` start with `start`? */
bool span_starts(struct span a, struct span start);

/* Does `a` end with `end`? */
bool span_ends(struct span a, struct span end);

/* Offset of the first `byte` in `a`, or a.len. */
size_t span_find(struct span a, char byte);

/* The part from `from` (included) to `to` (excluded); both are clamped to the span. */
struct span span_slice(struct span a, size_t from, size_t to);

/*
 * Cut the next piece before `separator` off the front of *rest and put it into *ret_piece. Empty
 * pieces count: "a,,b" yields a, "", b; and "" yields "" once. False if nothing is left, that is,
 * (*rest).at == NULL.
 */
bool span_cut(struct span *rest, char separator, struct span *ret_piece);

/* Without spaces and tabs at either end. */
struct span span_trim(struct span a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - a request's path and query in their one canonical spelling, or a refusal.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * A target that two parsers could read differently is refused. Every other one has one spelling:
 * unreserved characters plain (RFC 3986 section 6.2.2.2), the rest of the escapes in upper case.
 * That spelling is authorised and forwarded, byte for byte.
 *
 * Nothing allows a segment that is empty or "." or ".." to somebody who takes a backslash, a folded
 * character or an encoded one for a slash or a dot, or who decodes twice: %25 before an escape of
 * one of these, of a letter or digit, a control character or another %25 is always refused.
 * Limits: TARGET_MAX_SEGMENTS segments; more is a refusal.
 */
#ifndef POSTERN_POLICY_TARGET_H
#define POSTERN_POLICY_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"

#define TARGET_MAX_SEGMENTS 256

/* The milder ambiguities, which a module may allow for its own paths (`path_allow`). */
enum target_mild {
	TARGET_SEMICOLON = 1,          /* ";" or %3B in a segment */
	TARGET_ENCODED_DELIMITERS = 2, /* %2F, %3F, %23 */
	TARGET_TRAILING_DOT = 4,       /* a segment that ends in a dot, but "." and ".." */
	TARGET_ENCODED_PERCENT = 8,    /* %25 */
	TARGET_ENCODED_BACKSLASH = 16, /* %5C */
	TARGET_ANY_UTF8 = 32,          /* characters that fold to ".", "/" or "\" */
	TARGET_RAW_PIPE = 64,          /* "|", which is no character of a URI: REQUEST_MALFORMED */
	TARGET_MILD_END = 128          /* no more */
};

struct target {
	struct span path;  /* canonical, starts with "/"; lent by the arena */
	struct span query; /* without "?", as sent; borrowed from raw */
	bool has_query;    /* "/x?" has an empty one */
	unsigned mild;     /* enum target_mild: which ones it holds; the policy refuses or allows */
	struct span host;  /* set by the caller, by host_name_read(): empty: none was named; at ==
			    * NULL: it cannot be read */
	const char *detail; /* set with a refusal: what is ambiguous; static text */
};

/*
 * Read an origin-form target (RFC 9112 section 3.2.1).
 *
 * raw   borrowed.
 * Returns REASON_OK, REASON_PATH_AMBIGUOUS, REASON_REQUEST_MALFORMED (not origin-form, control or
 * 8-bit bytes, characters that no URI may hold) or REASON_OVERLOADED (no memory).
 */
MUST_CHECK enum reason target_read(struct span raw, struct arena *arena, struct target *target);

/* What the mild ambiguities in `mild` are called, for a refusal's detail. Static text; "" for 0. */
const char *target_mild_text(unsigned mild);

#endif

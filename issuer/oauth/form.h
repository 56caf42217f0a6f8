/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form - application/x-www-form-urlencoded, read strictly.
 *
 * Uses:   base.
 * Pure:   yes (allocates in the caller's arena).
 * Limits: FORM_MAX_FIELDS fields; the caller caps the bytes.
 */
#ifndef POSTERN_ISSUER_OAUTH_FORM_H
#define POSTERN_ISSUER_OAUTH_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"

#define FORM_MAX_FIELDS 64

struct form_field {
	struct span name, value; /* decoded; lent by the arena */
};

struct form {
	struct form_field fields[FORM_MAX_FIELDS];
	size_t count;
};

/*
 * Read `body` (WHATWG URL section 5.1, made strict). Refused: a name given twice, a "%" without
 * two hexadecimal digits, a raw byte outside of printable ASCII, decoded text that is not UTF-8
 * or holds NUL, a value without a name, too many fields.
 *
 * body       borrowed.
 * ret_wrong  what is wrong, a string literal; set on failure only.
 */
MUST_CHECK bool form_read(
    struct span body, struct arena *arena, struct form *form, const char **ret_wrong);

/* The value of that name. A parameter without a value counts as left out (RFC 6749 section 3.2):
 * at == NULL. Lent by the arena. */
struct span form_get(const struct form *form, const char *name);

/* Is the name there with a value? */
bool form_has(const struct form *form, const char *name);

/* Is `content_type` this media type, with no charset or UTF-8? Case is folded. */
bool form_content_type(struct span content_type);

/*
 * Decode "%XX", and "+" to a space when `plus` says so. `out` takes text.len bytes. False: a "%"
 * without two hexadecimal digits.
 */
MUST_CHECK bool form_decode(struct span text, bool plus, char *out, size_t *ret_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer_lint - warnings about a JSON Pointer (RFC 6901) to a claim: valid, but probably a
 * mistake.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_POINTER_LINT_H
#define POSTERN_BASE_POINTER_LINT_H

#include "base/span.h"

#define POINTER_LINT_ROOM 320

/* Where the pointer is used. */
enum pointer_use {
	POINTER_OF_LISTS, /* scopes, groups and roles: "*" is each entry */
	POINTER_OF_ONE,   /* a single value */
	POINTER_OF_GRANT, /* a single value, where "role" or "group" could ask about lists */
};

/*
 * The problem and what to write instead, in `out`; NULL: no problem. In a name that is a URL, "/"
 * must be written as "~1"; a dot and "[*]" do not select members; an empty name is probably a
 * mistake; and "*" matches list entries only in some places.
 */
const char *pointer_lint(struct span pointer, enum pointer_use use, char out[POINTER_LINT_ROOM]);

#endif

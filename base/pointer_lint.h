/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer_lint - a JSON Pointer (RFC 6901) to a claim that is valid and hardly means what it says.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_POINTER_LINT_H
#define POSTERN_BASE_POINTER_LINT_H

#include "base/span.h"

#define POINTER_LINT_ROOM 320

/* Where the pointer stands. */
enum pointer_use {
	POINTER_OF_LISTS, /* scopes, groups and roles: "*" is each entry */
	POINTER_OF_ONE,   /* a single value */
	POINTER_OF_GRANT, /* a single value, where "role" or "group" could ask about lists */
};

/*
 * What is odd about it, and what to write instead, in `out`; NULL: nothing. A name that is a URL
 * must be written with "~1" for "/", a dot and "[*]" go nowhere, a name is hardly empty, and "*" is
 * an entry of a list in some places only.
 */
const char *pointer_lint(struct span pointer, enum pointer_use use, char out[POINTER_LINT_ROOM]);

#endif

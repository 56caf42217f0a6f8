/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_char - the characters of a token (RFC 9110 section 5.6.2): methods and header names.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_TOKEN_CHAR_H
#define POSTERN_PROXY_HTTP_TOKEN_CHAR_H

#include <stdbool.h>

#include "base/span.h"

extern const unsigned char token_char_table[256]; /* 1: it is one of them */

/* Is it one of them? */
static inline bool
token_char(char c)
{
	return token_char_table[(unsigned char)c] != 0;
}

/* Is the span a token: at least one byte, all of them token characters? */
bool token_char_all(struct span text);

#endif

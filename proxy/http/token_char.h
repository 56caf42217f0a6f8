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

/* Is it one of them? */
static inline bool
token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Is the span a token: at least one byte, all of them token characters? */
static inline bool
token_char_all(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!token_char(text.at[i]))
			return false;
	return text.len > 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/bearer.h"

#include <string.h>

#include "base/file.h"
#include "base/span.h"

bool
bearer_read(const char *path, struct buffer *token, struct err *reterr)
{
	struct span text;

	if (!file_read(path, token, reterr))
		return false;
	while (token->len > 0 && memchr(" \t\r\n", token->at[token->len - 1], 4) != NULL)
		token->at[--token->len] = '\0';
	text = span_trim(buffer_span(token));
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~')
			text.len = 0;
	if (text.len == 0)
		return err_set(reterr, "%s: not a bearer token", path);
	memmove(token->at, text.at, text.len + 1);
	token->len = text.len;
	return true;
}

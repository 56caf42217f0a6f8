/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "base/clock.h"
#include "base/file.h"

bool
input_token(const char *argument, struct buffer *token, struct err *reterr)
{
	if (strcmp(argument, "-") != 0) {
		buffer_add_text(token, argument);
		return !token->failed || err_set(reterr, "the token is too large");
	}
	if (!file_read("-", token, reterr))
		return false;
	if (token->len > 0 && token->at[token->len - 1] == '\n')
		token->len--;
	if (token->len > 0 && token->at[token->len - 1] == '\r')
		token->len--;
	return true;
}

const char *
input_time(const char *value, void *field)
{
	return clock_parse(span_of(value), field) ? NULL : "Unix seconds or RFC 3339";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/scope_match.h"

#include <string.h>

bool
scope_match_is_prefix(const char *wanted)
{
	size_t len = strlen(wanted);

	return len > 2 && strchr(wanted, '*') == wanted + len - 1 &&
	       strchr(":./", wanted[len - 2]) != NULL;
}

const char *
scope_match_odd(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '"' || *text == '\\')
			return text;
	return NULL;
}

bool
scope_match(const char *wanted, const struct spans *scopes)
{
	struct span whole = span_of(wanted), stem = span_slice(whole, 0, whole.len - 1);
	bool prefix = scope_match_is_prefix(wanted);

	for (size_t i = 0; i < scopes->count; i++) {
		struct span one = scopes->at[i];

		if (prefix ? one.len > stem.len && span_starts(one, stem) : span_equal(one, whole))
			return true;
	}
	return false;
}

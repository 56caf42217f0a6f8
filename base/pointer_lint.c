/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pointer_lint.h"

#include <stdio.h>
#include <string.h>

/* Claims of Kubernetes and others are named by a domain: a dot in such a name is meant. */
static bool
is_domain(struct span name)
{
	static const char *const last[] = { "app", "ai", "cloud", "co", "com", "de", "dev", "edu",
		"eu", "example", "fr", "gov", "info", "internal", "io", "local", "net", "org",
		"test", "uk" };
	size_t dot = name.len;

	while (dot > 0 && name.at[dot - 1] != '.')
		dot--;
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (span_is(span_slice(name, dot, name.len), last[i]))
			return true;
	return false;
}

/* "/https://x/roles": the whole of it was to be one name. */
static const char *
lint_url(struct span pointer, char out[POINTER_LINT_ROOM])
{
	char escaped[2 * POINTER_LINT_ROOM / 3];
	size_t len = 0;

	for (size_t i = 1; i < pointer.len && len + 3 < sizeof(escaped); i++) {
		if (pointer.at[i] == '/')
			escaped[len++] = '~';
		escaped[len++] = pointer.at[i] == '/' ? '1' : pointer.at[i];
	}
	(void)snprintf(out, POINTER_LINT_ROOM,
	    "can never match: each \"/\" starts another name; in a claim's name write ~1 for it: "
	    "\"/%.*s\"",
	    (int)len, escaped);
	return out;
}

static const char *
lint_dot(struct span pointer, struct span name, char out[POINTER_LINT_ROOM])
{
	size_t at = (size_t)(name.at - pointer.at), dot = at + span_find(name, '.');

	(void)snprintf(out, POINTER_LINT_ROOM,
	    "means a claim named \"%.*s\"; for the member of a claim write \"%.*s/%.*s\"",
	    SPAN_ARG(name), (int)dot, pointer.at, (int)(pointer.len - dot - 1),
	    pointer.at + dot + 1);
	return out;
}

const char *
pointer_lint(struct span pointer, bool lists, char out[POINTER_LINT_ROOM])
{
	struct span rest = pointer;

	if (pointer.len > POINTER_LINT_ROOM / 2)
		return NULL;
	if (span_starts(pointer, SPAN("/https://")) || span_starts(pointer, SPAN("/http://")))
		return lint_url(pointer, out);
	while (rest.len > 0) {
		struct span name = span_slice(rest, 1, rest.len);

		name = span_slice(name, 0, span_find(name, '/'));
		rest = span_slice(rest, 1 + name.len, rest.len);
		if (span_is(name, "*") && !lists)
			return "can never match: \"*\" is an entry of a list in claims.scopes, "
			       "groups "
			       "and roles of an issuer only; name the list there and write "
			       "\"role\" "
			       "or \"group\" here";
		if (span_find(name, '.') < name.len && name.len > 2 &&
		    memchr(name.at, '~', name.len) == NULL && !is_domain(name))
			return lint_dot(pointer, name, out);
	}
	return NULL;
}

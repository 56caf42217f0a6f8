/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pointer_lint.h"

#include <stdbool.h>
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

/* "/https://x/roles": it was to be one name, up to a "*". */
static const char *
lint_url(struct span pointer, char out[POINTER_LINT_ROOM])
{
	char escaped[2 * POINTER_LINT_ROOM / 3];
	size_t len = 0, i = 1;

	while (i < pointer.len && len + 3 < sizeof(escaped) &&
	       !span_starts(span_slice(pointer, i, pointer.len), SPAN("/*"))) {
		if (pointer.at[i] == '/')
			escaped[len++] = '~';
		escaped[len++] = pointer.at[i] == '/' ? '1' : pointer.at[i];
		i++;
	}
	(void)snprintf(out, POINTER_LINT_ROOM,
	    "can never match: each \"/\" starts another name; in a claim's name write ~1 for it: "
	    "\"/%.*s%.*s\"",
	    (int)len, escaped, (int)(pointer.len - i), pointer.at + i);
	return out;
}

/* "/roles/", "/a//b", "/": a name is empty. */
static const char *
lint_empty(struct span pointer, struct span name, char out[POINTER_LINT_ROOM])
{
	size_t at = (size_t)(name.at - pointer.at);
	struct span rest = span_slice(pointer, at + 1, pointer.len);

	if (pointer.len == 1)
		return "means a claim whose name is empty; write the claim's name behind the "
		       "\"/\": \"/sub\"";
	(void)snprintf(out, POINTER_LINT_ROOM,
	    "means a member whose name is empty; write \"%.*s%s%.*s\"", (int)(at - 1), pointer.at,
	    rest.len > 0 ? "/" : "", SPAN_ARG(rest));
	return out;
}

/* "/roles[*]" as JSONPath has it. */
static const char *
lint_bracket(struct span pointer, struct span name, char out[POINTER_LINT_ROOM])
{
	size_t at = (size_t)(name.at - pointer.at);
	struct span rest = span_slice(pointer, at + name.len, pointer.len);

	(void)snprintf(out, POINTER_LINT_ROOM, "means a claim named \"%.*s\"; write \"%.*s%s%.*s\"",
	    SPAN_ARG(name), (int)(at + name.len - 3), pointer.at, rest.len > 0 ? "/*" : "",
	    SPAN_ARG(rest));
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

static const char *
lint_star(enum pointer_use use)
{
	if (use == POINTER_OF_GRANT)
		return "can never match: \"*\" is an entry of a list in claims.scopes, groups "
		       "and roles of an issuer only; name the list there and write \"role\" or "
		       "\"group\" here";
	return "can never match: \"*\" is an entry of a list in claims.scopes, groups and roles of "
	       "an issuer only; name a claim that is a single value here";
}

static bool
is_dotted(struct span before, struct span name)
{
	/* Below it Keycloak has the ids of clients, with any dots. */
	return !span_is(before, "resource_access") && span_find(name, '.') < name.len &&
	       name.len > 2 && memchr(name.at, '~', name.len) == NULL && !is_domain(name);
}

const char *
pointer_lint(struct span pointer, enum pointer_use use, char out[POINTER_LINT_ROOM])
{
	struct span rest = pointer, before = { 0 }, name = { 0 };

	if (pointer.len > POINTER_LINT_ROOM / 2)
		return NULL;
	if (span_starts(pointer, SPAN("/https://")) || span_starts(pointer, SPAN("/http://")))
		return lint_url(pointer, out);
	for (; rest.len > 0; before = name) {
		name = span_slice(rest, 1, rest.len);
		name = span_slice(name, 0, span_find(name, '/'));
		rest = span_slice(rest, 1 + name.len, rest.len);
		if (name.len == 0)
			return lint_empty(pointer, name, out);
		if (span_is(name, "*") && use != POINTER_OF_LISTS)
			return lint_star(use);
		if (name.len > 3 && span_ends(name, SPAN("[*]")))
			return lint_bracket(pointer, name, out);
		if (is_dotted(before, name))
			return lint_dot(pointer, name, out);
	}
	return NULL;
}

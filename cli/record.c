/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"

#define INDENT 2
#define HOST_MAX 1024
#define ARENA_MAX (64u << 20)
#define NOT_BLOCK "the file does not end in a list of cases in block style, one \"- \" for each"

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* What the case is to expect; NULL: what came of the request depended on what is not kept. */
static const char *
expected(const char *reason)
{
	/* by then the policy had let it pass */
	static const char *const later[] = { "ok", "rate_limited", "upstream_unreachable",
		"upstream_timeout", "upstream_malformed", NULL };
	static const char *const own[] = { "credentials_missing", "privilege_missing",
		"scope_missing", "claim_mismatch", "method_not_granted", "no_rule",
		"path_ambiguous", NULL };

	if (is_one_of(reason, later))
		return "allow";
	return is_one_of(reason, own) ? reason : NULL;
}

static void
add_list(struct buffer *text, const char *name, const json_t *list)
{
	buffer_format(text, "%s: [", name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		buffer_add_text(text, i == 0 ? "" : ", ");
		buffer_add_json(text, json_text(json_array_get(list, i)));
	}
	buffer_add_byte(text, ']');
}

/* RFC 6901 section 4. */
static void
unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '~' && at[1] != '\0')
			*to++ = *++at == '1' ? '/' : '~';
		else
			*to++ = *at;
	}
	*to = '\0';
}

/* The map of that name in it, which is made if it is not there. NULL: no memory. */
static json_t *
map_below(json_t *map, const char *name)
{
	if (json_object_get(map, name) == NULL)
		(void)json_object_set_new(map, name, json_object());
	return json_object_get(map, name);
}

/* The map that a claim is in, with those that its pointer leads through; the pointer is taken
 * apart, and *ret_name is its last segment. NULL: no memory. */
static json_t *
map_of(json_t *map, char *pointer, char **ret_name)
{
	char *rest = pointer + 1, *end;

	while ((end = strchr(rest, '/')) != NULL) {
		*end = '\0';
		unescape(rest);
		map = map_below(map, rest);
		rest = end + 1;
	}
	unescape(rest);
	*ret_name = rest;
	return map;
}

/* The claims that `match` compares, as a token would have them. */
static void
add_claims(struct buffer *text, const json_t *claims)
{
	json_t *root = json_object();
	const char *pointer;
	json_t *values;
	char *dump;

	json_object_foreach((json_t *)claims, pointer, values)
	{
		char *copy = strdup(pointer), *name = NULL;
		json_t *map = copy == NULL || copy[0] != '/' ? NULL : map_of(root, copy, &name);

		if (map != NULL)
			(void)json_object_set(map, name,
			    json_array_size(values) == 1 ? json_array_get(values, 0) : values);
		free(copy);
	}
	dump = json_dumps(root, 0);
	if (json_object_size(root) > 0) {
		buffer_add_text(text, ", claims: ");
		buffer_add_text(text, dump == NULL ? "{}" : dump);
	}
	free(dump);
	json_decref(root);
}

/* The line of a key, which is one level deeper than the dash of its case. */
static void
begin_line(struct buffer *text, int indent, const char *name)
{
	buffer_format(text, "%*s%s: ", indent + 2, "", name);
}

static void
add_caller(struct buffer *text, int indent, const json_t *said)
{
	begin_line(text, indent, "caller");
	if (!json_is_true(json_object_get(said, "authenticated"))) {
		buffer_add_text(text, "anonymous\n");
		return;
	}
	buffer_add_byte(text, '{');
	add_list(text, "roles", json_object_get(said, "roles"));
	buffer_add_text(text, ", ");
	add_list(text, "scopes", json_object_get(said, "scopes"));
	add_claims(text, json_object_get(said, "claims"));
	buffer_add_text(text, "}\n");
}

/* "METHOD PATH" and, for a name, " REASON" */
static void
add_request(struct buffer *text, const json_t *said, const char *more)
{
	struct buffer value;

	buffer_init(&value, 1u << 16);
	buffer_format(&value, "%s %s%s%s", json_member_text(said, "method"),
	    json_member_text(said, "path"), more[0] == '\0' ? "" : ": ", more);
	buffer_add_json(text, buffer_span(&value));
	buffer_add_byte(text, '\n');
	text->failed = text->failed || value.failed;
	buffer_done(&value);
}

/* A host that the entry is for, which the pattern is for: any label in place of its star. */
static void
add_host(struct buffer *text, int indent, const json_t *said)
{
	const char *host = json_member_text(said, "host");
	bool star = host[0] == '*';
	struct buffer value;

	if (host[0] == '\0')
		return;
	buffer_init(&value, HOST_MAX);
	buffer_format(&value, "%s%s", star ? "any" : "", host + (star ? 1 : 0));
	begin_line(text, indent, "host");
	buffer_add_json(text, buffer_span(&value));
	buffer_add_byte(text, '\n');
	text->failed = text->failed || value.failed;
	buffer_done(&value);
}

static void
add_case(struct buffer *text, int indent, const json_t *said)
{
	const char *expect = expected(json_member_text(said, "reason"));

	buffer_format(text, "%*s# request %s at %s\n%*s- name: ", indent, "",
	    json_member_text(said, "request_id"), json_member_text(said, "time"), indent, "");
	add_request(text, said, expect);
	add_caller(text, indent, said);
	begin_line(text, indent, "request");
	add_request(text, said, "");
	add_host(text, indent, said);
	begin_line(text, indent, "expect");
	buffer_format(text, "%s\n", expect);
	if (json_member_text(said, "privilege")[0] == '\0')
		return;
	begin_line(text, indent, "privilege");
	buffer_add_json(text, span_of(json_member_text(said, "privilege")));
	buffer_add_byte(text, '\n');
}

static const char *
impossible(const json_t *said)
{
	if (json_is_true(json_object_get(said, "cut")))
		return "too long to be kept whole, so no case can be made of it";
	if (strcmp(json_member_text(said, "verdict"), "answer") == 0)
		return "the gate itself answered it, not the policy";
	if (expected(json_member_text(said, "reason")) == NULL)
		return "what came of it depended on the token or the connection, which are not "
		       "kept";
	return NULL;
}

const char *
record_case(const json_t *said, struct buffer *text)
{
	const char *wrong = impossible(said);

	if (wrong != NULL)
		return wrong;
	buffer_add_text(text, "cases:\n");
	add_case(text, INDENT, said);
	return NULL;
}

/* The list of cases; NULL: it is none, or has mistakes. */
static const struct node *
list_of(struct span text, struct arena *arena)
{
	struct mistakes mistakes = { .arena = arena };
	struct node *root = NULL;
	const struct node *list;

	if (!document_parse(text, "", &mistakes, &root) || mistakes.errors > 0)
		return NULL;
	list = document_get(root, "cases");
	return list != NULL && list->kind == NODE_LIST && list->first != NULL ? list : NULL;
}

const char *
record_append(const json_t *said, struct span former, struct buffer *text)
{
	const char *wrong = impossible(said);
	const struct node *list, *added;
	struct arena arena;

	if (wrong != NULL)
		return wrong;
	arena_init(&arena, ARENA_MAX);
	list = list_of(former, &arena);
	buffer_add(text, former);
	if (former.len > 0 && former.at[former.len - 1] != '\n')
		buffer_add_byte(text, '\n');
	if (list != NULL && list->first->column >= 3) {
		/* a map in a list begins behind "- " */
		add_case(text, list->first->column - 3, said);
		added = text->failed ? NULL : list_of(buffer_span(text), &arena);
		if (added == NULL || added->count != list->count + 1)
			wrong = NOT_BLOCK;
	} else {
		wrong = NOT_BLOCK;
	}
	arena_done(&arena);
	return wrong;
}

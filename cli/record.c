/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <string.h>

static const char *
text_of(const json_t *said, const char *key)
{
	const char *text = json_string_value(json_object_get(said, key));

	return text == NULL ? "" : text;
}

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
		"scope_missing", "method_not_granted", "no_rule", "path_ambiguous", NULL };

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

static void
add_line(struct buffer *text, const char *name, const char *value)
{
	buffer_format(text, "    %s: ", name);
	buffer_add_json(text, span_of(value));
	buffer_add_byte(text, '\n');
}

static void
add_caller(struct buffer *text, const json_t *said)
{
	if (!json_is_true(json_object_get(said, "authenticated"))) {
		buffer_add_text(text, "    caller: anonymous\n");
		return;
	}
	buffer_add_text(text, "    caller: {");
	add_list(text, "roles", json_object_get(said, "roles"));
	buffer_add_text(text, ", ");
	add_list(text, "scopes", json_object_get(said, "scopes"));
	buffer_add_text(text, "}\n");
}

/* "METHOD PATH" and, for a name, " REASON" */
static void
add_request(struct buffer *text, const char *name, const json_t *said, const char *more)
{
	struct buffer value;

	buffer_init(&value, 1u << 16);
	buffer_format(&value, "%s %s%s%s", text_of(said, "method"), text_of(said, "path"),
	    more[0] == '\0' ? "" : ": ", more);
	buffer_format(text, "%s: ", name);
	buffer_add_json(text, buffer_span(&value));
	buffer_add_byte(text, '\n');
	text->failed = text->failed || value.failed;
	buffer_done(&value);
}

const char *
record_case(const json_t *said, struct buffer *text)
{
	const char *expect = expected(text_of(said, "reason"));

	if (json_is_true(json_object_get(said, "cut")))
		return "too long to be kept whole, so no case can be made of it";
	if (strcmp(text_of(said, "verdict"), "answer") == 0)
		return "the gate itself answered it, not the policy";
	if (expect == NULL)
		return "what came of it depended on the token or the connection, which are not "
		       "kept";
	buffer_format(text, "# request %s at %s\ncases:\n", text_of(said, "request_id"),
	    text_of(said, "time"));
	add_request(text, "  - name", said, expect);
	add_caller(text, said);
	add_request(text, "    request", said, "");
	buffer_format(text, "    expect: %s\n", expect);
	if (text_of(said, "privilege")[0] != '\0')
		add_line(text, "privilege", text_of(said, "privilege"));
	return NULL;
}

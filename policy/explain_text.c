/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain_text.h"

#include <string.h>

#define COLUMN 14
#define GOOD "32"
#define BAD "31"

/* Where it goes. */
struct telling {
	const json_t *said;
	struct buffer *buffer;
	bool colour;
};

static const char *
text_of(const struct telling *telling, const char *key)
{
	return json_string_value(json_object_get(telling->said, key));
}

/* "name:" and blanks up to a common column. */
static void
label(const struct telling *telling, const char *name)
{
	buffer_format(telling->buffer, "%s:%*s", name, COLUMN - (int)strlen(name), "");
}

static void
line(const struct telling *telling, const char *name, const char *text)
{
	label(telling, name);
	buffer_add_text(telling->buffer, text);
	buffer_add_byte(telling->buffer, '\n');
}

static void
add_quoted(const struct telling *telling, const json_t *text)
{
	buffer_add_json(
	    telling->buffer, (struct span){ json_string_value(text), json_string_length(text) });
}

/* A member that is a text. */
static void
line_quoted(const struct telling *telling, const char *name, const char *key)
{
	const json_t *text = json_object_get(telling->said, key);

	if (!json_is_string(text))
		return;
	label(telling, name);
	add_quoted(telling, text);
	buffer_add_byte(telling->buffer, '\n');
}

/* A member that is a list of texts, on one line; none: that there are none. NULL: no line then. */
static void
line_list(const struct telling *telling, const char *name, const char *key, const char *none)
{
	const json_t *list = json_object_get(telling->said, key);

	if (json_array_size(list) == 0) {
		if (none != NULL)
			line(telling, name, none);
		return;
	}
	label(telling, name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		buffer_add_text(telling->buffer, i == 0 ? "" : ", ");
		add_quoted(telling, json_array_get(list, i));
	}
	buffer_add_byte(telling->buffer, '\n');
}

/* A sentence of ours, which may name what others sent: without what a terminal would obey. */
static void
line_plain(const struct telling *telling, const char *name, const char *text)
{
	label(telling, name);
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)text[0], next = (unsigned char)text[1];
		bool two = byte == 0xc2 && next < 0xa0; /* C1, in UTF-8 */

		buffer_add_byte(telling->buffer, byte < ' ' || byte == 0x7f || two ? '?' : *text);
		text += two;
	}
	buffer_add_byte(telling->buffer, '\n');
}

static void
paint(const struct telling *telling, const char *colour, const char *text)
{
	if (telling->colour)
		buffer_format(telling->buffer, "\033[%sm%s\033[0m", colour, text);
	else
		buffer_add_text(telling->buffer, text);
}

static bool
is_refused(const struct telling *telling)
{
	const char *verdict = text_of(telling, "verdict");

	return verdict != NULL && strcmp(verdict, "refuse") == 0;
}

static void
tell_request(const struct telling *telling)
{
	const char *verdict = text_of(telling, "verdict"), *reason = text_of(telling, "reason");
	json_int_t status = json_integer_value(json_object_get(telling->said, "status"));

	label(telling, "verdict");
	paint(telling, is_refused(telling) ? BAD : GOOD, verdict == NULL ? "" : verdict);
	buffer_add_byte(telling->buffer, '\n');
	label(telling, "reason");
	buffer_format(telling->buffer, "%s (%d)\n", reason == NULL ? "" : reason, (int)status);
	line_quoted(telling, "detail", "detail");
	if (text_of(telling, "cause") != NULL)
		line_plain(telling, "cause", text_of(telling, "cause"));
	line_quoted(telling, "request id", "request_id");
	line_quoted(telling, "time", "time");
	line_quoted(telling, "peer", "peer");
	line_quoted(telling, "method", "method");
	line_quoted(telling, "path", "path");
	if (text_of(telling, "shadow_reason") != NULL)
		line(telling, "shadow", text_of(telling, "shadow_reason"));
}

static void
tell_revoked(const struct telling *telling)
{
	const json_t *revoked = json_object_get(telling->said, "revoked");

	if (!json_is_object(revoked))
		return;
	line(telling, "revoked at", json_string_value(json_object_get(revoked, "at")));
	label(telling, "revoked by");
	add_quoted(telling, json_object_get(revoked, "by"));
	buffer_add_byte(telling->buffer, '\n');
	if (json_is_string(json_object_get(revoked, "of"))) {
		label(telling, "revoked");
		add_quoted(telling, json_object_get(revoked, "of"));
		buffer_add_byte(telling->buffer, '\n');
	}
}

static bool
has_any(const struct telling *telling, const char *key)
{
	return json_array_size(json_object_get(telling->said, key)) > 0;
}

static void
tell_privilege(const struct telling *telling)
{
	line_quoted(telling, "privilege", "privilege");
	line_quoted(telling, "label", "label");
	line_list(telling, "roles wanted", "roles_wanted", NULL);
	line_list(telling, "all of", "all_roles", NULL);
	line_list(telling, "none of", "deny", NULL);
	line_list(telling, "scopes wanted", "scopes_wanted", NULL);
	if (json_is_array(json_object_get(telling->said, "roles_wanted")) &&
	    !has_any(telling, "roles_wanted") && !has_any(telling, "scopes_wanted") &&
	    !has_any(telling, "all_roles"))
		line(telling, "roles wanted", "none: any authenticated caller");
}

static void
tell_route(const struct telling *telling)
{
	const json_t *patterns = json_object_get(telling->said, "patterns");

	if (!json_is_array(patterns))
		return;
	line(telling, "public",
	    json_is_true(json_object_get(telling->said, "public")) ? "yes" : "no");
	if (text_of(telling, "pattern") == NULL)
		line(telling, "pattern", "none matches the path");
	line_quoted(telling, "pattern", "pattern");
	line_quoted(telling, "host", "host");
	for (size_t i = 1; i < json_array_size(patterns); i++) {
		label(telling, "wider");
		add_quoted(telling, json_array_get(patterns, i));
		buffer_add_byte(telling->buffer, '\n');
	}
	if (text_of(telling, "privilege") != NULL)
		tell_privilege(telling);
	line_quoted(telling, "module", "module");
}

/* Each line of `match`, with what the caller has: {tenant} "a", claim /tid "b", "c". */
static void
tell_match(const struct telling *telling)
{
	const json_t *lines = json_object_get(telling->said, "match");

	for (size_t i = 0; i < json_array_size(lines); i++) {
		const struct telling one = { json_array_get(lines, i), telling->buffer, false };
		const json_t *found = json_object_get(one.said, "found");

		label(telling, "match");
		buffer_format(telling->buffer, "{%s} ", text_of(&one, "segment"));
		add_quoted(telling, json_object_get(one.said, "wanted"));
		buffer_format(telling->buffer, ", claim %s", text_of(&one, "claim"));
		for (size_t j = 0; j < json_array_size(found); j++) {
			buffer_add_text(telling->buffer, j == 0 ? " " : ", ");
			add_quoted(telling, json_array_get(found, j));
		}
		buffer_add_text(telling->buffer, json_array_size(found) == 0 ? " none\n" : "\n");
	}
}

static void
tell_rates(const struct telling *telling)
{
	const json_t *rates = json_object_get(telling->said, "rates");

	for (size_t i = 0; i < json_array_size(rates); i++) {
		const struct telling rate = { json_array_get(rates, i), telling->buffer, false };

		label(telling, "rate");
		buffer_format(telling->buffer, "%s of the %s, at once %lld, for each %s\n",
		    text_of(&rate, "limit"), text_of(&rate, "of"),
		    json_integer_value(json_object_get(rate.said, "burst")), text_of(&rate, "by"));
	}
}

static void
tell_ignored(const struct telling *telling)
{
	json_int_t count = json_integer_value(json_object_get(telling->said, "ignored_entries"));

	if (count == 0)
		return;
	label(telling, "ignored");
	buffer_format(telling->buffer,
	    "%d %s of the token's scopes, groups and roles: not a string\n", (int)count,
	    count == 1 ? "entry" : "entries");
}

static void
tell_caller(const struct telling *telling)
{
	const json_t *scopes = json_object_get(telling->said, "scopes");

	line_quoted(telling, "certificate", "certificate");
	if (!json_is_true(json_object_get(telling->said, "authenticated"))) {
		line_quoted(telling, "issuer", "issuer");
		line(telling, "caller", "unauthenticated");
		return;
	}
	line_quoted(telling, "issuer", "issuer");
	line_quoted(telling, "subject", "subject");
	line_quoted(telling, "client", "client");
	line_quoted(telling, "client name", "client_name");
	line_quoted(telling, "user", "user");
	line_list(telling, "roles held", "roles", "none");
	for (size_t i = 0; i < json_array_size(scopes); i++) {
		label(telling, "scope held");
		add_quoted(telling, json_array_get(scopes, i));
		buffer_add_byte(telling->buffer, '\n');
	}
	tell_ignored(telling);
}

/* `aud: "api://other", expected "api://here": fails` */
static void
tell_check(const struct telling *telling, const json_t *one)
{
	const struct telling part = { one, telling->buffer, telling->colour };
	const json_t *holds = json_object_get(one, "holds");
	const char *found = text_of(&part, "found"), *expected = text_of(&part, "expected");

	label(telling, "check");
	buffer_format(telling->buffer, "%s", text_of(&part, "check"));
	if (found != NULL)
		buffer_format(telling->buffer, " %s", found);
	if (expected != NULL)
		buffer_format(telling->buffer, ", expected %s", expected);
	buffer_add_text(telling->buffer, ": ");
	if (json_is_null(holds))
		buffer_add_text(telling->buffer, "not reached");
	else
		paint(telling, json_is_true(holds) ? GOOD : BAD,
		    json_is_true(holds) ? "holds" : "fails");
	buffer_add_byte(telling->buffer, '\n');
}

/* `policy.yaml:3: role reader to scope read: fails on scope, found "raed", near "raed"` */
static void
tell_line(const struct telling *telling, const json_t *one)
{
	const struct telling part = { one, telling->buffer, telling->colour };
	const json_t *found = json_object_get(one, "found"), *near = json_object_get(one, "near");
	const char *asks = text_of(&part, "asks");

	label(telling, "granted to");
	buffer_format(telling->buffer, "%s:%d: role %s to %s: ", text_of(&part, "file"),
	    (int)json_integer_value(json_object_get(one, "line")), text_of(&part, "role"),
	    asks == NULL ? "nobody" : asks);
	if (json_is_true(json_object_get(one, "holds"))) {
		paint(telling, GOOD, "holds");
		buffer_add_byte(telling->buffer, '\n');
		return;
	}
	paint(telling, BAD, "fails");
	buffer_format(telling->buffer, " on %s", text_of(&part, "failed"));
	if (json_is_true(json_object_get(one, "of_several")))
		buffer_format(telling->buffer, " %s", text_of(&part, "wanted"));
	buffer_add_text(telling->buffer, ", found ");
	if (json_is_string(found))
		add_quoted(telling, found);
	else
		buffer_add_text(telling->buffer, "nothing");
	if (json_is_string(near)) {
		buffer_add_text(telling->buffer, ", near ");
		add_quoted(telling, near);
	}
	buffer_add_byte(telling->buffer, '\n');
}

static void
tell_why(const struct telling *telling)
{
	const json_t *checks = json_object_get(telling->said, "checks"),
		     *lines = json_object_get(telling->said, "granted_to"),
		     *ways = json_object_get(telling->said, "to_pass");

	for (size_t i = 0; i < json_array_size(checks); i++)
		tell_check(telling, json_array_get(checks, i));
	for (size_t i = 0; i < json_array_size(lines); i++)
		tell_line(telling, json_array_get(lines, i));
	for (size_t i = 0; i < json_array_size(ways); i++)
		line(telling, "to pass", json_string_value(json_array_get(ways, i)));
}

static void
tell_decision(const struct telling *telling)
{
	tell_route(telling);
	tell_match(telling);
	tell_rates(telling);
	line_quoted(telling, "upstream", "upstream");
	line_quoted(telling, "forwarded", "forwarded");
	tell_caller(telling);
	tell_why(telling);
}

/* Last, where who asked looks first. */
static void
tell_remedy(const struct telling *telling)
{
	const json_t *remedy = json_object_get(telling->said, "remedy");

	for (size_t i = 0; i < json_array_size(remedy); i++)
		line_plain(telling, "remedy", json_string_value(json_array_get(remedy, i)));
}

void
explain_text(const json_t *said, bool colour, struct buffer *buffer)
{
	const struct telling telling = { said, buffer, colour };
	const char *verdict = text_of(&telling, "verdict");

	tell_request(&telling);
	tell_revoked(&telling);
	if (verdict == NULL || strcmp(verdict, "answer") != 0)
		tell_decision(&telling);
	tell_remedy(&telling);
}

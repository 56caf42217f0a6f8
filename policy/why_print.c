/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/why_print.h"

#define WAY_MAX 4096

static void
add_quoted(struct buffer *buffer, const char *what, const char *text)
{
	buffer_add_text(buffer, what);
	buffer_add_json(buffer, span_of(text));
}

void
why_print_line(const struct why_line *line, struct buffer *buffer)
{
	buffer_format(buffer, "%s:%d: role %s to %s: ", line->file, line->line, line->role,
	    line->asked == NULL ? "nobody" : line->asked);
	if (line->failed == GRANT_HOLDS) {
		buffer_add_text(buffer, "holds");
		return;
	}
	buffer_format(buffer, "fails on %s, found ", grant_condition_key(line->failed));
	if (line->found == NULL)
		buffer_add_text(buffer, "nothing");
	else
		buffer_add_json(buffer, span_of(line->found));
	if (line->near != NULL)
		add_quoted(buffer, ", near ", line->near);
}

static json_t *
text_or_null(const char *text)
{
	json_t *value = text == NULL ? NULL : json_string(text);

	return value == NULL ? json_null() : value;
}

json_t *
why_print_json(const struct why_line *line)
{
	bool holds = line->failed == GRANT_HOLDS;

	return json_pack("{s:s, s:s, s:i, s:o, s:b, s:o, s:o, s:o, s:o}", "role", line->role,
	    "file", line->file, "line", line->line, "asks", text_or_null(line->asked), "holds",
	    holds, "failed", text_or_null(holds ? NULL : grant_condition_key(line->failed)),
	    "wanted", text_or_null(line->wanted), "found", text_or_null(line->found), "near",
	    text_or_null(line->near));
}

/* Somebody who is to tell of ways. */
struct teller {
	void (*tell)(void *context, const char *way);
	void *context;
	struct buffer way;
};

static void
tell(struct teller *teller)
{
	buffer_add_byte(&teller->way, '\0');
	if (!teller->way.failed)
		teller->tell(teller->context, teller->way.at);
	buffer_reset(&teller->way);
}

static void
tell_grants(struct teller *teller, const struct why_print *why)
{
	const struct principal *who = why->principal;
	const char *noun = NULL, *name = NULL;

	if (who != NULL && who->client_name != NULL) {
		noun = "client";
		name = who->client_name;
	} else if (who != NULL && who->user != NULL) {
		noun = "user";
		name = who->user;
	}
	for (size_t i = 0; name != NULL && i < why->privilege->roles.count; i++) {
		buffer_format(&teller->way, "postern %s grant %s %s", noun, name,
		    why->privilege->roles.at[i]);
		tell(teller);
	}
}

void
why_print_ways(
    const struct why_print *why, void (*told)(void *context, const char *way), void *context)
{
	struct teller teller = { told, context, { 0 } };

	buffer_init(&teller.way, WAY_MAX);
	for (size_t i = 0; i < why->privilege->scopes.count; i++) {
		buffer_format(&teller.way, "scope %s (privilege %s)", why->privilege->scopes.at[i],
		    why->privilege->name);
		tell(&teller);
	}
	tell_grants(&teller, why);
	for (const struct why_line *line = why->first; line != NULL; line = line->next) {
		if (line->asked == NULL)
			continue;
		buffer_format(&teller.way, "%s (role %s, %s:%d)", line->asked, line->role,
		    line->file, line->line);
		tell(&teller);
	}
	buffer_done(&teller.way);
}

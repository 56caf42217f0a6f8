/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match_text.h"

#include "base/utf8.h"
#include "policy/denial_text.h"

static const struct spans *
values_of(const struct match *match, const struct principal *principal)
{
	static const struct spans none;

	if (principal == NULL || principal->matched == NULL ||
	    match->index >= principal->matched_count)
		return &none;
	return &principal->matched[match->index];
}

const char *
match_text(const struct route_match *route, const struct principal *principal, struct arena *arena)
{
	const struct match *match = match_failing(route, principal);
	struct span segment;
	const char *found;

	if (match == NULL)
		return NULL;
	segment = match_segment(route, match);
	found = values_of(match, principal)->count == 0
		    ? "no text or whole number there"
		    : denial_text_list(values_of(match, principal), arena);
	if (found == NULL)
		return NULL;
	return arena_format(arena,
	    "needs the claim %s to be the segment {%s} of the path, \"%.*s\" (privilege %s); the "
	    "token has %s",
	    match->claim, match->name, SPAN_ARG(segment), route->privilege->name, found);
}

static void
write_values(const struct spans *values, struct buffer *buffer)
{
	const char *between = "";

	for (size_t i = 0; i < values->count; i++) {
		if (!utf8_valid(values->at[i]))
			continue;
		buffer_add_text(buffer, between);
		buffer_add_json(buffer, values->at[i]);
		between = ",";
	}
}

void
match_text_write(
    const struct route_match *route, const struct principal *principal, struct buffer *buffer)
{
	const struct match *match = route->privilege == NULL ? NULL : route->privilege->matches;

	buffer_add_byte(buffer, '[');
	for (const char *between = ""; match != NULL; match = match->next, between = ",") {
		buffer_format(buffer, "%s{\"segment\":", between);
		buffer_add_json(buffer, span_of(match->name));
		buffer_add_text(buffer, ",\"claim\":");
		buffer_add_json(buffer, span_of(match->claim));
		buffer_add_text(buffer, ",\"wanted\":");
		buffer_add_json(buffer, match_segment(route, match));
		buffer_add_text(buffer, ",\"found\":[");
		write_values(values_of(match, principal), buffer);
		buffer_add_text(buffer, "]}");
	}
	buffer_add_byte(buffer, ']');
}

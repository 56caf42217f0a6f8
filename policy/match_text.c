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
	found = denial_text_list(values_of(match, principal), arena);
	if (found == NULL)
		return NULL;
	return arena_format(arena,
	    "needs the claim %s to be the segment {%s} of the path, \"%.*s\" (privilege %s); the "
	    "token has %s",
	    match->claim, match->name, SPAN_ARG(segment), route->privilege->name, found);
}

static json_t *
values_json(const struct spans *values)
{
	json_t *list = json_array();

	for (size_t i = 0; i < values->count; i++)
		if (utf8_valid(values->at[i]))
			json_array_append_new(
			    list, json_stringn(values->at[i].at, values->at[i].len));
	return list;
}

json_t *
match_text_json(const struct route_match *route, const struct principal *principal)
{
	json_t *list = json_array();
	const struct match *match = route->privilege == NULL ? NULL : route->privilege->matches;

	for (; match != NULL; match = match->next) {
		struct span segment = match_segment(route, match);

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s%, s:o}", "segment", match->name, "claim",
			      match->claim, "wanted", segment.at, segment.len, "found",
			      values_json(values_of(match, principal))));
	}
	return list;
}

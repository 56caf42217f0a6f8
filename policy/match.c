/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/pointer_lint.h"
#include "policy/pattern_form.h"
#include "policy/rule.h"
#include "policy/segment.h"

/* The claim's place in policy->match_claims, where it is put if it is new. */
static size_t
claim_place(struct reader *reader, const char *pointer)
{
	struct texts *claims = &reader->policy->match_claims;
	const char **at;

	for (size_t i = 0; i < claims->count; i++)
		if (strcmp(claims->at[i], pointer) == 0)
			return i;
	at = reader_array(reader, claims->count + 1, sizeof(*at));
	if (at == NULL)
		return 0;
	if (claims->count > 0)
		memcpy(at, claims->at, claims->count * sizeof(*at));
	at[claims->count] = pointer;
	claims->at = at;
	return claims->count++;
}

static void
read_one(struct reader *reader, const struct node *node, struct match *match)
{
	char room[POINTER_LINT_ROOM];
	const char *odd;

	match->name = node->key.at;
	match->claim = node->text.at;
	match->node = node;
	if (node->kind != NODE_SCALAR || node->text.len == 0 || node->text.at[0] != '/' ||
	    !json_pointer_valid(node->text)) {
		mistake_at(
		    reader->mistakes, node, "must be a JSON Pointer to a claim, such as /tid");
		return;
	}
	match->index = claim_place(reader, match->claim);
	odd = pointer_lint(node->text, POINTER_OF_ONE, room);
	if (odd != NULL)
		mistake_by(
		    reader->mistakes, mistake_place_at(node, MISTAKE_CLAIM_POINTER), "%s", odd);
}

void
match_read(struct reader *reader, struct privilege *privilege)
{
	struct match **end = &privilege->matches;

	if (privilege->match == NULL)
		return;
	if (privilege->match->first == NULL)
		mistake_at(reader->mistakes, privilege->match, "is empty");
	for (const struct node *node = privilege->match->first; node != NULL; node = node->next) {
		*end = reader_array(reader, 1, sizeof(**end));
		if (*end == NULL)
			return;
		read_one(reader, node, *end);
		end = &(*end)->next;
		privilege->match_count++;
	}
}

const size_t *
match_places(struct reader *reader, const struct privilege *privilege, const struct node *node,
    struct span pattern)
{
	size_t *places, count = 0;

	if (privilege->match_count == 0)
		return NULL;
	places = reader_array(reader, privilege->match_count, sizeof(*places));
	for (const struct match *match = privilege->matches; match != NULL && places != NULL;
	    match = match->next) {
		places[count] = pattern_form_place(pattern, span_of(match->name));
		if (places[count++] != SIZE_MAX)
			continue;
		mistake_at(reader->mistakes, node,
		    "has no {%s}, to which \"match\" of privilege \"%s\" refers%s%.*s", match->name,
		    privilege->name, node->text.len == pattern.len ? "" : ": ",
		    node->text.len == pattern.len ? 0 : (int)pattern.len, pattern.at);
		return NULL;
	}
	return places;
}

/* Text and whole numbers; at == NULL: no memory, or something else. */
static struct span
value_text(const json_t *value, struct arena *arena)
{
	if (json_is_string(value))
		return json_text(value);
	if (!json_is_integer(value))
		return (struct span){ 0 };
	return span_of(arena_format(arena, "%" PRId64, (int64_t)json_integer_value(value)));
}

static bool
read_values(const json_t *value, struct arena *arena, struct spans *ret_values)
{
	bool list = json_is_array(value);
	size_t count = list ? json_array_size(value) : 1;

	*ret_values = (struct spans){ 0 };
	if (value == NULL)
		return true;
	ret_values->at = arena_array(arena, count + 1, sizeof(struct span));
	if (ret_values->at == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct span one = value_text(list ? json_array_get(value, i) : value, arena);

		if (one.at != NULL)
			ret_values->at[ret_values->count++] = one;
	}
	return true;
}

bool
match_values(const struct policy *policy, const json_t *payload, struct arena *arena,
    struct spans **ret_values)
{
	const struct texts *claims = &policy->match_claims;

	*ret_values = arena_array(arena, claims->count + 1, sizeof(struct spans));
	if (*ret_values == NULL)
		return false;
	for (size_t i = 0; i < claims->count; i++)
		if (!read_values(
			json_at(payload, span_of(claims->at[i])), arena, &(*ret_values)[i]))
			return false;
	return true;
}

static bool
equals(struct span escaped, struct span value)
{
	size_t len = 0;

	for (; escaped.len > 0; len++)
		if (len == value.len || segment_byte(&escaped) != (unsigned char)value.at[len])
			return false;
	return len == value.len && len > 0;
}

static struct span
segment_at(struct span path, size_t place)
{
	struct span segment;

	for (size_t i = 0; segment_next(&path, &segment); i++)
		if (i == place)
			return segment;
	return (struct span){ 0 };
}

struct span
match_segment(const struct route_match *route, const struct match *match)
{
	size_t i = 0;

	for (const struct match *one = route->privilege->matches; one != match; one = one->next)
		i++;
	return segment_at(route->path, route->rule->places[i]);
}

static bool
holds(const struct route_match *route, const struct match *match, const struct principal *principal)
{
	struct span segment = match_segment(route, match);
	const struct spans *values;

	if (principal->matched == NULL || match->index >= principal->matched_count)
		return false;
	values = &principal->matched[match->index];
	for (size_t i = 0; i < values->count; i++)
		if (equals(segment, values->at[i]))
			return true;
	return false;
}

const struct match *
match_failing(const struct route_match *route, const struct principal *principal)
{
	const struct match *match = route->privilege->matches;

	while (match != NULL && holds(route, match, principal))
		match = match->next;
	return match;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "token/extract.h"

#include "base/json.h"

#define SEPARATOR ' '

/* Where it comes from, and whose memory it goes to. */
struct extraction {
	struct token *token;
	struct arena *arena;
};

static bool
name_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	return name.len <= EXTRACT_NAME_BYTES;
}

static enum reason
extract_name(const struct extraction *from, const struct texts *pointers, struct span *ret_name)
{
	struct span found = { NULL, 0 };

	for (size_t i = 0; i < pointers->count; i++) {
		const json_t *claim = json_at(from->token->claims, span_of(pointers->at[i]));
		struct span name = json_text(claim);

		if (claim == NULL)
			continue;
		if (!json_is_string(claim) || !name_valid(name))
			return token_refuse(from->token, REASON_CLAIM_MALFORMED,
			    arena_format(from->arena,
				"%s is not a string of at most %u bytes without control characters",
				pointers->at[i], EXTRACT_NAME_BYTES));
		if (found.len == 0 && name.len > 0)
			found = name;
	}
	*ret_name = found;
	return REASON_OK;
}

/* A list being gathered from several claims. */
struct gathering {
	struct spans list;
	bool split; /* strings at spaces (RFC 6749 section 3.3) */
};

/* How many places a claim takes at most; -1 when it is neither a string nor strings. */
static ptrdiff_t
room_for(const json_t *claim, bool split)
{
	struct span rest = json_text(claim), piece;
	ptrdiff_t room = 0;

	if (json_is_string(claim)) {
		while (split && span_cut(&rest, SEPARATOR, &piece))
			room++;
		return split ? room : 1;
	}
	if (!json_is_array(claim))
		return -1;
	for (size_t i = 0; i < json_array_size(claim); i++)
		if (!json_is_string(json_array_get(claim, i)))
			return -1;
	return (ptrdiff_t)json_array_size(claim);
}

static void
add(struct gathering *gathering, struct span text)
{
	if (text.len > 0)
		gathering->list.at[gathering->list.count++] = text;
}

static void
add_claim(struct gathering *gathering, const json_t *claim)
{
	struct span rest = json_text(claim), piece;

	for (size_t i = 0; i < json_array_size(claim); i++)
		add(gathering, json_text(json_array_get(claim, i)));
	while (gathering->split && span_cut(&rest, SEPARATOR, &piece))
		add(gathering, piece);
	if (!gathering->split)
		add(gathering, rest);
}

static enum reason
count_room(
    const struct extraction *from, const struct texts *pointers, bool split, size_t *ret_room)
{
	size_t room = 0;

	for (size_t i = 0; i < pointers->count; i++) {
		const json_t *claim = json_at(from->token->claims, span_of(pointers->at[i]));
		ptrdiff_t more = claim == NULL ? 0 : room_for(claim, split);

		if (more < 0)
			return token_refuse(from->token, REASON_CLAIM_MALFORMED,
			    arena_format(from->arena,
				"%s is neither a string nor an array of strings", pointers->at[i]));
		room += (size_t)more;
	}
	*ret_room = room;
	return REASON_OK;
}

static enum reason
extract_list(
    const struct extraction *from, const struct texts *pointers, bool split, struct spans *ret_list)
{
	struct gathering gathering = { .split = split };
	size_t room = 0;
	enum reason reason = count_room(from, pointers, split, &room);

	if (reason != REASON_OK || room == 0)
		return reason;
	gathering.list.at = arena_array(from->arena, room, sizeof(struct span));
	if (gathering.list.at == NULL)
		return token_refuse(from->token, REASON_OVERLOADED, NULL);
	for (size_t i = 0; i < pointers->count; i++) {
		const json_t *claim = json_at(from->token->claims, span_of(pointers->at[i]));

		if (claim != NULL)
			add_claim(&gathering, claim);
	}
	*ret_list = gathering.list;
	return REASON_OK;
}

enum reason
extract_claims(
    const struct profile *profile, struct token *token, struct arena *arena, struct claims *claims)
{
	const struct profile_claims *places = &profile->claims;
	struct extraction from = { token, arena };
	enum reason reason = extract_name(&from, &places->subject, &claims->subject);

	if (reason == REASON_OK)
		reason = extract_name(&from, &places->client, &claims->client);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->scopes, true, &claims->scopes);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->groups, false, &claims->groups);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->roles, false, &claims->roles);
	return reason;
}

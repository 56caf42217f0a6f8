/* SPDX-License-Identifier: Apache-2.0 */
#include "token/extract.h"

#include "base/json.h"

#define SEPARATOR ' '

/* The source of the claims, and the arena for the results. */
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

		if (claim == NULL || json_is_null(claim))
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

/* A list collected from several claims in two passes: the first only counts. */
struct gathering {
	struct spans list; /* at == NULL in the first round */
	bool split;        /* strings at spaces (RFC 6749 section 3.3) */
	bool malformed;    /* a claim is neither a string nor an array */
	size_t not_text;   /* entries that are not strings: ignored */
};

static void
add(struct gathering *gathering, struct span text)
{
	if (text.len == 0)
		return;
	if (gathering->list.at != NULL)
		gathering->list.at[gathering->list.count] = text;
	gathering->list.count++;
}

static void
add_string(struct gathering *gathering, struct span text)
{
	struct span piece;

	if (!gathering->split)
		add(gathering, text);
	while (gathering->split && span_cut(&text, SEPARATOR, &piece))
		add(gathering, piece);
}

static void
add_entries(struct gathering *gathering, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *entry = json_array_get(array, i);

		add(gathering, json_text(entry));
		gathering->not_text += !json_is_string(entry);
	}
}

/* The offset of "/*" as a whole segment; pointer.len if absent. */
static size_t
find_star(struct span pointer)
{
	for (size_t at = 0; at + 2 <= pointer.len; at++)
		if (span_starts(span_slice(pointer, at, pointer.len), SPAN("/*")) &&
		    (at + 2 == pointer.len || pointer.at[at + 2] == '/'))
			return at;
	return pointer.len;
}

/* Add the values at a pointer in which "*" matches each entry of an array. */
static void
add_each(struct gathering *gathering, const json_t *root, struct span pointer)
{
	size_t star = find_star(pointer);
	const json_t *array = json_at(root, span_slice(pointer, 0, star));
	struct span rest = span_slice(pointer, star + 2, pointer.len);

	if (!json_is_array(array))
		return;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *entry = json_array_get(array, i);
		const json_t *value = json_at(entry, rest);

		if (find_star(rest) < rest.len)
			add_each(gathering, entry, rest);
		else if (json_is_string(value))
			add_string(gathering, json_text(value));
		else if (json_is_array(value))
			add_entries(gathering, value);
		else
			gathering->not_text++;
	}
}

static void
add_claim(struct gathering *gathering, const json_t *claims, struct span pointer)
{
	const json_t *claim = json_at(claims, pointer);

	if (json_is_string(claim))
		add_string(gathering, json_text(claim));
	else if (json_is_array(claim))
		add_entries(gathering, claim);
	else if (claim != NULL && !json_is_null(claim))
		gathering->malformed = true;
	else if (find_star(pointer) < pointer.len)
		add_each(gathering, claims, pointer);
}

/* One pass over all pointers. */
static enum reason
gather(const struct extraction *from, const struct texts *pointers, struct gathering *gathering)
{
	gathering->list.count = 0;
	gathering->not_text = 0;
	for (size_t i = 0; i < pointers->count; i++) {
		add_claim(gathering, from->token->claims, span_of(pointers->at[i]));
		if (gathering->malformed)
			return token_refuse(from->token, REASON_CLAIM_MALFORMED,
			    arena_format(from->arena,
				"%s is neither a string nor an array of strings", pointers->at[i]));
	}
	return REASON_OK;
}

static enum reason
extract_list(const struct extraction *from, const struct texts *pointers,
    struct gathering *gathering, struct spans *ret_list)
{
	enum reason reason = gather(from, pointers, gathering);

	if (reason != REASON_OK || gathering->list.count == 0)
		return reason;
	gathering->list.at = arena_array(from->arena, gathering->list.count, sizeof(struct span));
	if (gathering->list.at == NULL)
		return token_refuse(from->token, REASON_OVERLOADED, NULL);
	reason = gather(from, pointers, gathering);
	*ret_list = gathering->list;
	return reason;
}

enum reason
extract_claims(const struct trusted_issuer *trusted_issuer, struct token *token,
    struct arena *arena, struct claims *claims)
{
	const struct trusted_issuer_claims *places = &trusted_issuer->claims;
	struct extraction from = { token, arena };
	struct gathering scopes = { .split = true }, groups = { 0 }, roles = { 0 };
	enum reason reason = extract_name(&from, &places->subject, &claims->subject);

	if (reason == REASON_OK)
		reason = extract_name(&from, &places->client, &claims->client);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->scopes, &scopes, &claims->scopes);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->groups, &groups, &claims->groups);
	if (reason == REASON_OK)
		reason = extract_list(&from, &places->roles, &roles, &claims->roles);
	claims->not_text = scopes.not_text + groups.not_text + roles.not_text;
	return reason;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/caller_copy.h"

#include <stdint.h>

/* How what a pointer points to comes along: it is copied into the arena, or it has come with its
 * block already, and the pointer follows it. */
struct coming {
	struct arena *arena;
	uintptr_t block; /* 0: there is none */
	size_t block_bytes;
	uintptr_t moved; /* where the block is now */
};

/* NULL stays NULL. The new place; false: no memory. */
static inline bool
come(const struct coming *coming, const void *from, size_t bytes, void *ret_place)
{
	uintptr_t offset = (uintptr_t)from - coming->block;
	void *place = NULL;

	if (from != NULL && coming->block == 0)
		place = arena_copy(coming->arena, from, bytes);
	else if (from != NULL && offset <= coming->block_bytes)
		place = (void *)(coming->moved + offset);
	memcpy(ret_place, &place, sizeof(place));
	return from == NULL || place != NULL;
}

static inline bool
come_text(const struct coming *coming, const char **text)
{
	const char *from = *text;

	return from == NULL || come(coming, from, coming->block == 0 ? strlen(from) + 1 : 0, text);
}

/* Not NUL-terminated where it came from, perhaps. */
static inline bool
come_span(const struct coming *coming, struct span *span)
{
	if (span->at == NULL || coming->block != 0)
		return come(coming, span->at, span->len, &span->at);
	span->at = arena_text(coming->arena, *span);
	return span->at != NULL;
}

static inline bool
come_spans(const struct coming *coming, struct spans *spans)
{
	if (!come(coming, spans->at, spans->count * sizeof(*spans->at), &spans->at))
		return false;
	for (size_t i = 0; i < spans->count; i++)
		if (!come_span(coming, &spans->at[i]))
			return false;
	return true;
}

static inline bool
come_matched(const struct coming *coming, struct spans **matched, size_t count)
{
	if (!come(coming, *matched, count * sizeof(**matched), matched))
		return false;
	for (size_t i = 0; *matched != NULL && i < count; i++)
		if (!come_spans(coming, &(*matched)[i]))
			return false;
	return true;
}

static inline bool
come_words(const struct coming *coming, uint64_t **words, size_t count)
{
	return come(coming, *words, count * sizeof(**words), words);
}

static inline bool
come_principal(const struct coming *coming, struct principal *principal, size_t words)
{
	return come_words(coming, &principal->roles, words) &&
	       come_words(coming, &principal->unsure, words) &&
	       come_text(coming, &principal->client_name) && come_text(coming, &principal->user) &&
	       come_span(coming, &principal->subject) && come_span(coming, &principal->client) &&
	       come_spans(coming, &principal->scopes) &&
	       come_matched(coming, &principal->matched, principal->matched_count);
}

static inline bool
come_next(const struct coming *coming, struct caller *caller)
{
	return come_words(coming, &caller->next_roles, caller->next_words) &&
	       come_words(coming, &caller->next_unsure, caller->next_words) &&
	       come_matched(coming, &caller->next_matched, caller->next_matched_count);
}

static inline bool
come_identity(const struct coming *coming, struct caller *caller)
{
	if (!come(coming, caller->identity, caller->identity_count * sizeof(struct header),
		&caller->identity))
		return false;
	for (size_t i = 0; i < caller->identity_count; i++)
		if (!come_span(coming, &caller->identity[i].value))
			return false;
	return true;
}

/* All that `caller` points to; it is a copy itself already. */
static inline bool
come_all(const struct coming *coming, struct caller *caller)
{
	return come_principal(coming, &caller->principal, caller->role_words) &&
	       come_next(coming, caller) && come_spans(coming, &caller->groups) &&
	       come_identity(coming, caller);
}

struct caller *
caller_copy(const struct caller *caller, struct arena *arena)
{
	const struct coming coming = { .arena = arena };
	struct caller *copy = arena_copy(arena, caller, sizeof(*caller));

	return copy != NULL && come_all(&coming, copy) ? copy : NULL;
}

struct caller *
caller_copy_block(
    const struct caller *caller, const void *block, size_t block_bytes, struct arena *arena)
{
	struct coming coming = { .block = (uintptr_t)block, .block_bytes = block_bytes };
	void *moved = arena_copy(arena, block, block_bytes);
	struct caller *copy;

	if (moved == NULL)
		return NULL;
	coming.moved = (uintptr_t)moved;
	copy = (void *)(coming.moved + ((uintptr_t)caller - coming.block));
	return come_all(&coming, copy) ? copy : NULL;
}

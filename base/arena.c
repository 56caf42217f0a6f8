/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_FIRST ((size_t)4096)
#define BLOCK_MAX ((size_t)256 << 10)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *older;
	size_t room; /* bytes at `bytes` */
	_Alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *arena, size_t max_bytes)
{
	*arena = (struct arena){ .max_bytes = max_bytes };
}

void
arena_init_within(struct arena *arena, size_t max_bytes, void *start, size_t start_bytes)
{
	*arena = (struct arena){
		.at = start, .left = start_bytes, .used_bytes = start_bytes, .max_bytes = max_bytes
	};
}

void
arena_done(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block != NULL) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
	arena_init(arena, arena->max_bytes);
}

/* Block sizes grow with the bytes used so far, so that large arenas need few blocks. */
static size_t
next_block_bytes(const struct arena *arena, size_t min)
{
	size_t wanted = arena->used_bytes > 0 ? arena->used_bytes : BLOCK_FIRST;
	size_t free_bytes = arena->max_bytes - arena->used_bytes;

	if (wanted > BLOCK_MAX)
		wanted = BLOCK_MAX;
	if (wanted > free_bytes)
		wanted = free_bytes;
	return wanted < min ? min : wanted;
}

/* The rest of the previous block is wasted. */
static bool
add_block(struct arena *arena, size_t least_room)
{
	struct arena_block *block;
	size_t bytes;

	if (least_room > SIZE_MAX - sizeof(*block))
		return false;
	bytes = next_block_bytes(arena, sizeof(*block) + least_room);
	if (bytes > arena->max_bytes - arena->used_bytes)
		return false;
	block = malloc(bytes);
	if (block == NULL)
		return false;
	block->older = arena->blocks;
	block->room = bytes - sizeof(*block);
	arena->blocks = block;
	arena->at = block->bytes;
	arena->left = block->room;
	arena->used_bytes += bytes;
	return true;
}

/* Bytes that nobody has set, after so many that align them. */
static void *
take(struct arena *arena, size_t padding, size_t size_bytes)
{
	void *taken;

	if (arena->left < padding || arena->left - padding < size_bytes || arena->at == NULL) {
		if (!add_block(arena, size_bytes))
			return NULL;
		padding = 0;
	}
	taken = arena->at + padding;
	arena->at += padding + size_bytes;
	arena->left -= padding + size_bytes;
	return taken;
}

static size_t
padding_of(const struct arena *arena)
{
	return (size_t)(-(uintptr_t)arena->at & (ALIGNMENT - 1));
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
	void *made = take(arena, padding_of(arena), size_bytes);

	if (made != NULL)
		memset(made, 0, size_bytes);
	return made;
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t size_bytes)
{
	void *copy = take(arena, padding_of(arena), size_bytes);

	if (copy != NULL && size_bytes > 0)
		memcpy(copy, bytes, size_bytes);
	return copy;
}

void *
arena_array(struct arena *arena, size_t count, size_t each_bytes)
{
	size_t size_bytes;

	if (__builtin_mul_overflow(count, each_bytes, &size_bytes))
		return NULL;
	return arena_alloc(arena, size_bytes);
}

char *
arena_text(struct arena *arena, struct span span)
{
	char *text = span.len == SIZE_MAX ? NULL : take(arena, 0, span.len + 1);

	if (text == NULL)
		return NULL;
	if (span.len > 0)
		memcpy(text, span.at, span.len);
	text[span.len] = '\0';
	return text;
}

char *
arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		text = arena_alloc(arena, (size_t)len + 1);
	if (text == NULL)
		return NULL;
	va_start(args, format);
	len = vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return len < 0 ? NULL : text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/partial.h"

#include <string.h>

#include "policy/segment.h"

#define ROWS_FIRST 4u

/* A branch, and the texts around its `*`. */
struct row {
	struct span before, after;
	void *branch;
};

/* Those with so many bytes before and after the `*`, sorted. */
struct partial_shape {
	size_t before, after;
	struct row *rows;
	size_t count, room;
	struct partial_shape *next;
};

static struct span
before_star(struct span segment)
{
	return span_slice(segment, 0, span_find(segment, '*'));
}

static struct span
after_star(struct span segment)
{
	return span_slice(segment, span_find(segment, '*') + 1, segment.len);
}

/* The order of a text against one of a branch, as far as the latter goes. It is not the shorter. */
static int
compare(struct span text, struct span wanted, bool fold)
{
	while (wanted.len > 0) {
		unsigned char byte = fold ? segment_byte_folded(&text) : segment_byte(&text);
		unsigned char other = segment_byte(&wanted);

		if (byte != other)
			return byte < other ? -1 : 1;
	}
	return 0;
}

/* The index of the row with these texts, or at which to insert it. */
static size_t
row_place(const struct partial_shape *shape, const struct row *texts, bool fold, bool *ret_found)
{
	size_t low = 0, high = shape->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct row *row = &shape->rows[middle];
		int order = compare(texts->before, row->before, fold);

		if (order == 0)
			order = compare(texts->after, row->after, fold);
		if (order == 0)
			*ret_found = true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The link to the shape of those numbers, or where to put it. */
static struct partial_shape **
shape_link(struct partials *partials, size_t before, size_t after)
{
	struct partial_shape **link = &partials->first;

	while (*link != NULL && (*link)->before + (*link)->after > before + after)
		link = &(*link)->next;
	while (*link != NULL && (*link)->before + (*link)->after == before + after &&
	       (*link)->before != before)
		link = &(*link)->next;
	return link;
}

static bool
is_shape(const struct partial_shape *shape, size_t before, size_t after)
{
	return shape != NULL && shape->before == before && shape->after == after;
}

static struct partial_shape *
shape_made(struct partials *partials, const struct row *texts, struct arena *arena)
{
	size_t before = segment_bytes(texts->before), after = segment_bytes(texts->after);
	struct partial_shape **link = shape_link(partials, before, after), *shape = *link;

	if (is_shape(shape, before, after))
		return shape;
	shape = arena_alloc(arena, sizeof(*shape));
	if (shape == NULL)
		return NULL;
	shape->before = before;
	shape->after = after;
	shape->next = *link;
	*link = shape;
	return shape;
}

/* Room for one row more. */
static bool
reserve(struct partial_shape *shape, struct arena *arena)
{
	size_t room = shape->room == 0 ? ROWS_FIRST : shape->room * 2;
	struct row *rows;

	if (shape->count < shape->room)
		return true;
	rows = arena_array(arena, room, sizeof(*rows));
	if (rows == NULL)
		return false;
	if (shape->count > 0)
		memcpy(rows, shape->rows, shape->count * sizeof(*rows));
	shape->rows = rows;
	shape->room = room;
	return true;
}

void **
partial_find(const struct partials *partials, struct span segment)
{
	struct row texts = { .before = before_star(segment), .after = after_star(segment) };
	size_t before = segment_bytes(texts.before), after = segment_bytes(texts.after), place;
	const struct partial_shape *shape = partials->first;
	bool found;

	while (shape != NULL && !is_shape(shape, before, after))
		shape = shape->next;
	if (shape == NULL)
		return NULL;
	place = row_place(shape, &texts, false, &found);
	return found ? &shape->rows[place].branch : NULL;
}

void **
partial_place(struct partials *partials, struct span segment, struct arena *arena)
{
	const char *text = arena_text(arena, segment);
	struct span own = { text, segment.len };
	struct partial_shape *shape;
	struct row row = { 0 };
	size_t place;
	bool found;

	if (text == NULL)
		return NULL;
	row.before = before_star(own);
	row.after = after_star(own);
	shape = shape_made(partials, &row, arena);
	if (shape == NULL)
		return NULL;
	place = row_place(shape, &row, false, &found);
	if (found)
		return &shape->rows[place].branch;
	if (!reserve(shape, arena))
		return NULL;
	memmove(shape->rows + place + 1, shape->rows + place,
	    (shape->count - place) * sizeof(*shape->rows));
	shape->rows[place] = row;
	shape->count++;
	return &shape->rows[place].branch;
}

struct partial_search
partial_search(const struct partials *partials, struct span segment, bool fold)
{
	size_t bytes = segment_bytes(segment);

	return (struct partial_search){ .next = partials->first,
		.before = segment,
		.after = segment,
		.before_bytes = bytes,
		.after_bytes = bytes,
		.bytes = bytes,
		.fold = fold };
}

struct partial_search
partial_search_wider(const struct partials *partials, struct span segment)
{
	struct partial_search search = { 0 };

	switch (segment_kind(segment)) {
	case SEGMENT_LITERAL:
		return partial_search(partials, segment, false);
	case SEGMENT_PARTIAL:
		search.next = partials->first;
		search.before = before_star(segment);
		search.after = after_star(segment);
		search.before_bytes = segment_bytes(search.before);
		search.after_bytes = segment_bytes(search.after);
		search.bytes = search.before_bytes + search.after_bytes;
		break;
	default:
		break;
	}
	return search;
}

/* Without so many bytes at the beginning. */
static struct span
dropped(struct span text, size_t bytes)
{
	for (; bytes > 0; bytes--)
		(void)segment_byte(&text);
	return text;
}

void *
partial_next(struct partial_search *search)
{
	while (search->next != NULL) {
		const struct partial_shape *shape = search->next;
		struct row texts = { .before = search->before };
		size_t place;
		bool found;

		search->next = shape->next;
		if (shape->before > search->before_bytes || shape->after > search->after_bytes ||
		    shape->before + shape->after > search->bytes)
			continue;
		texts.after = dropped(search->after, search->after_bytes - shape->after);
		place = row_place(shape, &texts, search->fold, &found);
		if (found)
			return shape->rows[place].branch;
	}
	return NULL;
}

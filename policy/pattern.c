/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern.h"

#include "policy/partial.h"
#include "policy/segment.h"

#define CHILDREN_FIRST 4u

/* A pattern's values: hung on the path itself, or on its subtree. */
struct hook {
	void *value;
	const char *text; /* the pattern */
};

/* A segment in the tree. Its depth is its position in the path, so a search visits each segment at
 * most once. */
struct segment {
	struct span name;          /* of a literal one, decoded */
	struct segment **children; /* literal ones, sorted by name */
	size_t count, room;
	struct partials partials; /* children with a `*` inside */
	struct segment *star;     /* the child for `*` and {NAME} */
	struct hook exact;        /* a pattern that ends here */
	struct hook subtree;      /* a pattern that ends here in a last `*` */
};

struct pattern_set {
	struct arena *arena;
	struct segment root;
	bool fold; /* upper and lower case are one */
};

/* The search. */
struct search {
	bool fold;        /* as in the set */
	bool wider;       /* `rest` is a pattern: what is sought matches all that it does */
	bool subtree;     /* ... and it had a last `*`, cut off */
	const void *skip; /* the hook of the pattern itself */
};

struct pattern_set *
pattern_set_new(struct arena *arena)
{
	struct pattern_set *patterns = arena_alloc(arena, sizeof(*patterns));

	if (patterns != NULL)
		patterns->arena = arena;
	return patterns;
}

void
pattern_set_fold(struct pattern_set *patterns)
{
	patterns->fold = true;
}

/* Cut a last "/" and "*" off. */
static bool
cut_subtree(struct span *pattern)
{
	if (!span_ends(*pattern, SPAN("/*")))
		return false;
	*pattern = span_slice(*pattern, 0, pattern->len - 2);
	return true;
}

/* Order of an escaped segment against a decoded name. */
static int
compare(struct span escaped, struct span name, bool fold)
{
	unsigned char byte;

	for (size_t i = 0; escaped.len > 0; i++) {
		if (i == name.len)
			return 1;
		byte = fold ? segment_byte_folded(&escaped) : segment_byte(&escaped);
		if (byte != (unsigned char)name.at[i])
			return byte < (unsigned char)name.at[i] ? -1 : 1;
		if (escaped.len == 0)
			return i + 1 == name.len ? 0 : -1;
	}
	return name.len == 0 ? 0 : -1;
}

/* The index of the child with that name, or the index at which to insert it. */
static size_t
child_place(const struct segment *segment, struct span escaped, bool fold, bool *ret_found)
{
	size_t low = 0, high = segment->count;
	int order;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		order = compare(escaped, segment->children[middle]->name, fold);
		if (order == 0)
			*ret_found = true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct segment *
child_of(const struct segment *segment, struct span escaped, bool fold)
{
	bool found;
	size_t place = child_place(segment, escaped, fold, &found);

	return found ? segment->children[place] : NULL;
}

/* Room for one child more. */
static bool
reserve(struct pattern_set *patterns, struct segment *segment)
{
	size_t room = segment->room == 0 ? CHILDREN_FIRST : segment->room * 2;
	struct segment **children;

	if (segment->count < segment->room)
		return true;
	children = arena_array(patterns->arena, room, sizeof(struct segment *));
	if (children == NULL)
		return false;
	if (segment->count > 0)
		memcpy(children, segment->children, segment->count * sizeof(struct segment *));
	segment->children = children;
	segment->room = room;
	return true;
}

static struct segment *
segment_new(struct pattern_set *patterns, struct span escaped)
{
	struct segment *segment = arena_alloc(patterns->arena, sizeof(*segment));
	char *name;
	size_t len = 0;

	if (segment == NULL || segment_kind(escaped) != SEGMENT_LITERAL)
		return segment;
	name = arena_text(patterns->arena, escaped);
	if (name == NULL)
		return NULL;
	while (escaped.len > 0)
		name[len++] =
		    (char)(patterns->fold ? segment_byte_folded(&escaped) : segment_byte(&escaped));
	segment->name = (struct span){ name, len };
	return segment;
}

static struct segment *
partial_made(struct pattern_set *patterns, struct segment *segment, struct span escaped)
{
	void **place = partial_place(&segment->partials, escaped, patterns->arena);

	if (place != NULL && *place == NULL)
		*place = segment_new(patterns, escaped);
	return place == NULL ? NULL : *place;
}

/* The child for that segment of a pattern, made when it is new. */
static struct segment *
child_made(struct pattern_set *patterns, struct segment *segment, struct span escaped)
{
	struct segment *child;
	bool found;
	size_t place;

	if (segment_kind(escaped) == SEGMENT_PARTIAL)
		return partial_made(patterns, segment, escaped);
	if (segment_kind(escaped) == SEGMENT_ANY) {
		if (segment->star == NULL)
			segment->star = segment_new(patterns, escaped);
		return segment->star;
	}
	place = child_place(segment, escaped, patterns->fold, &found);
	if (found)
		return segment->children[place];
	child = segment_new(patterns, escaped);
	if (child == NULL || !reserve(patterns, segment))
		return NULL;
	memmove(segment->children + place + 1, segment->children + place,
	    (segment->count - place) * sizeof(struct segment *));
	segment->children[place] = child;
	segment->count++;
	return child;
}

void **
pattern_set_place(struct pattern_set *patterns, struct span pattern)
{
	struct segment *segment = &patterns->root;
	struct span rest = pattern, name;
	bool subtree = cut_subtree(&rest);
	struct hook *hook;

	while (segment_next(&rest, &name)) {
		segment = child_made(patterns, segment, name);
		if (segment == NULL)
			return NULL;
	}
	hook = subtree ? &segment->subtree : &segment->exact;
	if (hook->text == NULL)
		hook->text = arena_text(patterns->arena, pattern);
	return hook->text == NULL ? NULL : &hook->value;
}

static bool
hook_counts(const struct hook *hook, const struct search *search)
{
	return hook->value != NULL && hook != search->skip;
}

static const struct hook *find(
    const struct segment *segment, struct span rest, const struct search *search);

/* Below the literal child, if the segment is of a path or literal itself. */
static const struct hook *
find_literal(
    const struct segment *segment, struct span name, struct span rest, const struct search *search)
{
	const struct segment *child = NULL;

	if (!search->wider || segment_kind(name) == SEGMENT_LITERAL)
		child = child_of(segment, name, search->fold);
	return child == NULL ? NULL : find(child, rest, search);
}

/* Below the children with a `*` inside. */
static const struct hook *
find_partial(
    const struct segment *segment, struct span name, struct span rest, const struct search *search)
{
	const struct hook *hook = NULL;
	const struct segment *child;
	struct partial_search partials;

	if (segment->partials.first == NULL)
		return NULL;
	partials = search->wider ? partial_search_wider(&segment->partials, name)
				 : partial_search(&segment->partials, name, search->fold);
	while (hook == NULL && (child = partial_next(&partials)) != NULL)
		hook = find(child, rest, search);
	return hook;
}

/* Depth first, the most specific branch first. Recursion ends with the tree, after
 * PATTERN_MAX_SEGMENTS calls at most. */
static const struct hook *
find(const struct segment *segment, struct span rest, const struct search *search)
{
	const struct hook *hook = NULL;
	struct span name;

	if (!segment_next(&rest, &name)) {
		if (!search->subtree && hook_counts(&segment->exact, search))
			return &segment->exact;
	} else {
		hook = find_literal(segment, name, rest, search);
		if (hook == NULL)
			hook = find_partial(segment, name, rest, search);
		if (hook == NULL && segment->star != NULL)
			hook = find(segment->star, rest, search);
		if (hook != NULL)
			return hook;
	}
	return hook_counts(&segment->subtree, search) ? &segment->subtree : NULL;
}

static void *
give(const struct hook *hook, const char **ret_pattern)
{
	if (hook == NULL)
		return NULL;
	if (ret_pattern != NULL)
		*ret_pattern = hook->text;
	return hook->value;
}

void *
pattern_set_find(const struct pattern_set *patterns, struct span path, const char **ret_pattern)
{
	struct search search = { .fold = patterns->fold };

	return give(find(&patterns->root, path, &search), ret_pattern);
}

static const struct segment *
partial_child(const struct segment *segment, struct span name)
{
	void **place = partial_find(&segment->partials, name);

	return place == NULL ? NULL : *place;
}

/* The hook of that very pattern, or NULL. */
static const struct hook *
own_hook(const struct pattern_set *patterns, struct span rest, bool subtree)
{
	const struct segment *segment = &patterns->root;
	struct span name;

	while (segment != NULL && segment_next(&rest, &name)) {
		enum segment_kind kind = segment_kind(name);

		segment = kind == SEGMENT_ANY       ? segment->star
			  : kind == SEGMENT_PARTIAL ? partial_child(segment, name)
						    : child_of(segment, name, patterns->fold);
	}
	if (segment == NULL)
		return NULL;
	return subtree ? &segment->subtree : &segment->exact;
}

void *
pattern_set_wider(const struct pattern_set *patterns, struct span pattern, const char **ret_pattern)
{
	struct search search = { .fold = patterns->fold, .wider = true };

	search.subtree = cut_subtree(&pattern);
	search.skip = own_hook(patterns, pattern, search.subtree);
	return give(find(&patterns->root, pattern, &search), ret_pattern);
}

void *
pattern_set_cover(const struct pattern_set *patterns, struct span pattern)
{
	struct search search = { .fold = patterns->fold, .wider = true };

	search.subtree = cut_subtree(&pattern);
	return give(find(&patterns->root, pattern, &search), NULL);
}

void *
pattern_set_at(const struct pattern_set *patterns, struct span pattern)
{
	bool subtree = cut_subtree(&pattern);

	return give(own_hook(patterns, pattern, subtree), NULL);
}

bool
pattern_meets(struct span a, struct span b)
{
	bool a_subtree = cut_subtree(&a), b_subtree = cut_subtree(&b);
	bool a_more, b_more;
	struct span a_name, b_name;

	for (;;) {
		a_more = segment_next(&a, &a_name);
		b_more = segment_next(&b, &b_name);
		if (!a_more || !b_more)
			return (!a_more || b_subtree) && (!b_more || a_subtree);
		if (!segment_meets(a_name, b_name))
			return false;
	}
}

bool
pattern_within(struct span inner, struct span outer)
{
	bool inner_subtree = cut_subtree(&inner), outer_subtree = cut_subtree(&outer);
	struct span inner_name, outer_name;

	while (segment_next(&outer, &outer_name))
		if (!segment_next(&inner, &inner_name) || !segment_within(inner_name, outer_name))
			return false;
	return outer_subtree || (!inner_subtree && !segment_next(&inner, &inner_name));
}

bool
pattern_ties(struct span a, struct span b)
{
	struct span a_rest = a, b_rest = b, a_name, b_name;

	if (!pattern_meets(a, b))
		return false;
	while (segment_next(&a_rest, &a_name) && segment_next(&b_rest, &b_name))
		if (!segment_same(a_name, b_name))
			return segment_kind(a_name) == SEGMENT_PARTIAL &&
			       segment_kind(b_name) == SEGMENT_PARTIAL &&
			       segment_literal(a_name) == segment_literal(b_name);
	return false;
}

bool
pattern_narrower(struct span a, struct span b)
{
	bool a_subtree = cut_subtree(&a), b_subtree = cut_subtree(&b);
	struct span a_name, b_name;

	for (;;) {
		bool a_more = segment_next(&a, &a_name), b_more = segment_next(&b, &b_name);

		if (!a_more || !b_more)
			return a_more || (!a_subtree && b_subtree);
		if (segment_kind(a_name) != segment_kind(b_name))
			return segment_kind(a_name) < segment_kind(b_name);
		if (segment_kind(a_name) == SEGMENT_PARTIAL &&
		    segment_literal(a_name) != segment_literal(b_name))
			return segment_literal(a_name) > segment_literal(b_name);
	}
}

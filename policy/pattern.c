/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern.h"

#include "base/digits.h"
#include "policy/target.h"

#define PATTERN_MAX_BYTES 4096u
#define CHILDREN_FIRST 4u

/* A pattern's values: hung on the path itself, or on its subtree. */
struct hook {
	void *value;
	const char *text; /* the pattern */
};

/* A segment in the tree. Its depth is its position in the path, so a search visits each segment at
 * most once. */
struct segment {
	struct span name;          /* decoded */
	struct segment **children; /* literal ones, sorted by name */
	size_t count, room;
	struct segment *star; /* the child for `*` */
	struct hook exact;    /* a pattern that ends here */
	struct hook subtree;  /* a pattern that ends here in a last `*` */
};

struct pattern_set {
	struct arena *arena;
	struct segment root;
};

/* The search. */
struct search {
	bool wider;       /* `rest` is a pattern: its `*` falls under `*` only */
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

/* The next segment of a path that starts with "/" or is empty. False at its end; a slash at the
 * end starts no segment. */
static bool
next_segment(struct span *rest, struct span *ret_name)
{
	struct span after;
	size_t end;

	if (rest->len <= 1)
		return false;
	after = span_slice(*rest, 1, rest->len);
	end = span_find(after, '/');
	*ret_name = span_slice(after, 0, end);
	*rest = span_slice(after, end, after.len);
	return true;
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

/* Take the next byte, escapes decoded. Canonical text has whole escapes only; anything else is
 * taken as it is. */
static unsigned char
next_byte(struct span *text)
{
	unsigned char byte = (unsigned char)text->at[0];
	size_t took = 1;

	if (byte == '%' && text->len > 2) {
		byte = (unsigned char)(digits_hex(text->at[1]) * 16 + digits_hex(text->at[2]));
		took = 3;
	}
	*text = span_slice(*text, took, text->len);
	return byte;
}

/* Order of an escaped segment against a decoded name. */
static int
compare(struct span escaped, struct span name)
{
	unsigned char byte;

	for (size_t i = 0; escaped.len > 0; i++) {
		if (i == name.len)
			return 1;
		byte = next_byte(&escaped);
		if (byte != (unsigned char)name.at[i])
			return byte < (unsigned char)name.at[i] ? -1 : 1;
		if (escaped.len == 0)
			return i + 1 == name.len ? 0 : -1;
	}
	return name.len == 0 ? 0 : -1;
}

/* The index of the child with that name, or the index at which to insert it. */
static size_t
child_place(const struct segment *segment, struct span escaped, bool *ret_found)
{
	size_t low = 0, high = segment->count;
	int order;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		order = compare(escaped, segment->children[middle]->name);
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
child_of(const struct segment *segment, struct span escaped)
{
	bool found;
	size_t place = child_place(segment, escaped, &found);

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
	char *name = arena_text(patterns->arena, escaped);
	size_t len = 0;

	if (segment == NULL || name == NULL)
		return NULL;
	while (escaped.len > 0)
		name[len++] = (char)next_byte(&escaped);
	segment->name = (struct span){ name, len };
	return segment;
}

/* The child for that segment of a pattern, made when it is new. */
static struct segment *
child_made(struct pattern_set *patterns, struct segment *segment, struct span escaped)
{
	struct segment *child;
	bool found;
	size_t place;

	if (span_is(escaped, "*")) {
		if (segment->star == NULL)
			segment->star = segment_new(patterns, escaped);
		return segment->star;
	}
	place = child_place(segment, escaped, &found);
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

	while (next_segment(&rest, &name)) {
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

/* Depth first, the most specific branch first. Recursion ends with the tree, after
 * PATTERN_MAX_SEGMENTS calls at most. */
static const struct hook *
find(const struct segment *segment, struct span rest, const struct search *search)
{
	const struct hook *hook = NULL;
	const struct segment *child;
	struct span name;

	if (!next_segment(&rest, &name)) {
		if (!search->subtree && hook_counts(&segment->exact, search))
			return &segment->exact;
	} else {
		child = search->wider && span_is(name, "*") ? NULL : child_of(segment, name);
		if (child != NULL)
			hook = find(child, rest, search);
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
	struct search search = { 0 };

	return give(find(&patterns->root, path, &search), ret_pattern);
}

/* The hook of that very pattern, or NULL. */
static const struct hook *
own_hook(const struct pattern_set *patterns, struct span rest, bool subtree)
{
	const struct segment *segment = &patterns->root;
	struct span name;

	while (segment != NULL && next_segment(&rest, &name))
		segment = span_is(name, "*") ? segment->star : child_of(segment, name);
	if (segment == NULL)
		return NULL;
	return subtree ? &segment->subtree : &segment->exact;
}

void *
pattern_set_wider(const struct pattern_set *patterns, struct span pattern, const char **ret_pattern)
{
	struct search search = { .wider = true };

	search.subtree = cut_subtree(&pattern);
	search.skip = own_hook(patterns, pattern, search.subtree);
	return give(find(&patterns->root, pattern, &search), ret_pattern);
}

/* Equal when decoded; both escaped. */
static bool
same_segment(struct span a, struct span b)
{
	while (a.len > 0 && b.len > 0)
		if (next_byte(&a) != next_byte(&b))
			return false;
	return a.len == b.len;
}

bool
pattern_meets(struct span a, struct span b)
{
	bool a_subtree = cut_subtree(&a), b_subtree = cut_subtree(&b);
	bool a_more, b_more;
	struct span a_name, b_name;

	for (;;) {
		a_more = next_segment(&a, &a_name);
		b_more = next_segment(&b, &b_name);
		if (!a_more || !b_more)
			return (!a_more || b_subtree) && (!b_more || a_subtree);
		if (!span_is(a_name, "*") && !span_is(b_name, "*") && !same_segment(a_name, b_name))
			return false;
	}
}

bool
pattern_within(struct span inner, struct span outer)
{
	bool inner_subtree = cut_subtree(&inner), outer_subtree = cut_subtree(&outer);
	struct span inner_name, outer_name;

	while (next_segment(&outer, &outer_name)) {
		if (!next_segment(&inner, &inner_name))
			return false;
		if (span_is(outer_name, "*"))
			continue;
		if (span_is(inner_name, "*") || !same_segment(inner_name, outer_name))
			return false;
	}
	return outer_subtree || (!inner_subtree && !next_segment(&inner, &inner_name));
}

static bool
check_stars(struct span pattern, struct err *reterr)
{
	struct span name;
	size_t segments = 0;

	while (next_segment(&pattern, &name)) {
		if (++segments > PATTERN_MAX_SEGMENTS)
			return err_set(
			    reterr, "must have at most %d segments", PATTERN_MAX_SEGMENTS);
		if (span_is(name, "**"))
			return err_set(reterr,
			    "\"**\" is not supported: a \"/*\" at the end is the whole subtree, a "
			    "\"*\" before it is one segment");
		if (name.len > 1 && span_find(name, '*') < name.len)
			return err_set(
			    reterr, "\"*\" must be a whole segment (a literal star is %%2A)");
	}
	return true;
}

/* For what does not start with "/". */
static const char *
instead_of(struct span pattern)
{
	if (span_starts(pattern, SPAN("http://")) || span_starts(pattern, SPAN("https://")))
		return ": write the path alone, without scheme and host";
	if (span_starts(pattern, SPAN("^")) || span_starts(pattern, SPAN("~")))
		return ": it is no regular expression; \"*\" is one segment, and a \"/*\" at the "
		       "end the whole subtree";
	if (span_is(pattern, "*") || span_is(pattern, "**"))
		return ": every path is \"/*\"";
	return "";
}

bool
pattern_check(struct span pattern, struct err *reterr)
{
	struct target target;
	struct arena arena;
	bool done = false;

	arena_init(&arena, 1 << 16);
	if (pattern.len == 0 || pattern.at[0] != '/')
		err_set(reterr, "must start with \"/\"%s", instead_of(pattern));
	else if (pattern.len > PATTERN_MAX_BYTES)
		err_set(reterr, "must have at most %u bytes", PATTERN_MAX_BYTES);
	else if (span_find(pattern, '?') < pattern.len)
		err_set(reterr, "must be a path, without a query (an encoded \"?\" is %%3F)");
	else if (span_find(pattern, '{') < pattern.len)
		err_set(reterr, "{NAME} is not supported here: write \"*\" instead");
	else if (span_find(pattern, '<') < pattern.len)
		err_set(reterr, "<NAME> is not supported here: write \"*\" instead");
	else if (target_read(pattern, &arena, &target) != REASON_OK)
		err_set(reterr, "no path can match it: the gate refuses %s", target.detail);
	else if (!span_equal(target.path, pattern))
		err_set(reterr, "must be in canonical spelling: %.*s", SPAN_ARG(target.path));
	else if (pattern.len > 1 && span_ends(pattern, SPAN("/")))
		err_set(reterr, "must not end in \"/\": write %.*s, which matches both",
		    (int)pattern.len - 1, pattern.at);
	else
		done = check_stars(pattern, reterr);
	arena_done(&arena);
	return done;
}

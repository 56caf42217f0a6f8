/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path patterns, held against a second matcher that shares no code with policy/pattern.c: it
 * decodes everything, tries each pattern by itself, and ranks what fits.
 *
 * An input has lines: the word "fold" or nothing, a request's target, then patterns.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/digits.h"
#include "policy/pattern.h"
#include "policy/pattern_form.h"
#include "policy/target.h"

#define ARENA_BYTES (16u << 20)
#define PATTERNS 12
#define SEGMENTS 256

enum kind { LITERAL = 3, AROUND = 2, ANY = 1 };

/* Decoded; of a literal all is `before`. */
struct part {
	enum kind kind;
	struct span before, after;
};

struct row {
	struct span text;
	struct part parts[SEGMENTS];
	size_t count;
	bool subtree;
};

struct input {
	struct arena arena;
	bool fold;
	struct span path; /* canonical */
	struct row asked, rows[PATTERNS];
	size_t count;
};

static char
lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

static struct span
decoded(struct input *input, struct span text)
{
	char *plain = arena_alloc(&input->arena, text.len + 1);
	size_t len = 0;

	MUST_HOLD(plain != NULL);
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.at[i];

		if (byte == '%') {
			byte = (char)(digits_hex(text.at[i + 1]) * 16 + digits_hex(text.at[i + 2]));
			i += 2;
		}
		plain[len++] = input->fold ? lower(byte) : byte;
	}
	return (struct span){ plain, len };
}

static struct part
part_of(struct input *input, struct span segment)
{
	size_t star = span_find(segment, '*');
	struct part part = { .kind = LITERAL };

	if (segment.at[0] == '{' || span_is(segment, "*")) {
		part.kind = ANY;
		return part;
	}
	if (star < segment.len)
		part.kind = AROUND;
	part.before = decoded(input, span_slice(segment, 0, star));
	part.after = star == segment.len
			 ? (struct span){ "", 0 }
			 : decoded(input, span_slice(segment, star + 1, segment.len));
	return part;
}

/* Take a pattern, or a canonical path, in which a star is a byte like any other. */
static void
take_apart(struct input *input, struct span text, bool pattern, struct row *row)
{
	struct span rest = span_slice(text, 1, text.len), segment;

	row->text = text;
	row->count = 0;
	row->subtree = pattern && span_ends(text, SPAN("/*"));
	if (row->subtree)
		rest.len -= 1;
	if (span_ends(rest, SPAN("/")))
		rest.len -= 1;
	while (rest.len > 0 && span_cut(&rest, '/', &segment)) {
		MUST_HOLD(row->count < SEGMENTS);
		row->parts[row->count++] =
		    pattern ? part_of(input, segment)
			    : (struct part){ LITERAL, decoded(input, segment), { "", 0 } };
	}
}

static bool
part_fits(const struct part *part, struct span bytes)
{
	if (part->kind == LITERAL)
		return span_equal(part->before, bytes);
	return bytes.len >= part->before.len + part->after.len &&
	       span_starts(bytes, part->before) && span_ends(bytes, part->after);
}

static bool
fits(const struct row *row, const struct row *asked)
{
	if (row->subtree ? asked->count < row->count : asked->count != row->count)
		return false;
	for (size_t i = 0; i < row->count; i++)
		if (!part_fits(&row->parts[i], asked->parts[i].before))
			return false;
	return true;
}

/* The larger, the more specific. The end of a pattern is as good as a literal. */
static size_t
rank(const struct row *row, size_t at)
{
	if (at >= row->count)
		return row->subtree ? 0 : LITERAL * ARENA_BYTES;
	if (row->parts[at].kind != AROUND)
		return row->parts[at].kind * ARENA_BYTES;
	return AROUND * ARENA_BYTES + row->parts[at].before.len + row->parts[at].after.len;
}

static bool
better(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i <= a->count && i <= b->count; i++)
		if (rank(a, i) != rank(b, i))
			return rank(a, i) > rank(b, i);
	return false;
}

static void
check_two(struct span a, struct span b)
{
	MUST_HOLD(pattern_meets(a, b) == pattern_meets(b, a));
	MUST_HOLD(pattern_ties(a, b) == pattern_ties(b, a));
	MUST_HOLD(!pattern_ties(a, b) || pattern_meets(a, b));
	MUST_HOLD(!pattern_within(a, b) || pattern_meets(a, b));
	MUST_HOLD(!pattern_meets(a, b) || !pattern_narrower(a, b) || !pattern_narrower(b, a));
}

/* What the two that match the path say of each other. */
static void
check_both(const struct row *a, const struct row *b, const struct row *asked)
{
	check_two(a->text, b->text);
	if (fits(a, asked) && fits(b, asked)) {
		MUST_HOLD(pattern_meets(a->text, b->text));
		MUST_HOLD(pattern_narrower(a->text, b->text) == better(a, b));
	}
	if (fits(a, asked) && !fits(b, asked))
		MUST_HOLD(!pattern_within(a->text, b->text));
}

/* The pattern in lower case where that is asked for, as the policy gives it. */
static struct span
spelt(struct input *input, struct span line)
{
	char *text = arena_text(&input->arena, line);

	MUST_HOLD(text != NULL);
	for (size_t i = 0; input->fold && i < line.len; i++)
		text[i] = lower(text[i]);
	return (struct span){ text, line.len };
}

/* False: it is no pattern. */
static bool
take_pattern(struct input *input, struct pattern_set *set, struct span line)
{
	struct row *row = &input->rows[input->count];
	struct err err = { "" };
	void **place;

	if (!pattern_form_check(line, &err)) {
		MUST_HOLD(err.text[0] != '\0');
		return false;
	}
	take_apart(input, spelt(input, line), true, row);
	check_two(row->text, row->text);
	MUST_HOLD(pattern_within(row->text, row->text) && !pattern_ties(row->text, row->text));
	place = pattern_set_place(set, row->text);
	MUST_HOLD(place != NULL);
	if (*place != NULL) {
		MUST_HOLD(pattern_within(((struct row *)*place)->text, row->text));
		MUST_HOLD(pattern_within(row->text, ((struct row *)*place)->text));
		return true;
	}
	*place = row;
	input->count++;
	return true;
}

/* Where two match and neither is the more specific the policy is not read. */
static bool
any_ties(const struct input *input)
{
	for (size_t i = 0; i < input->count; i++)
		for (size_t j = 0; j < i; j++)
			if (pattern_ties(input->rows[i].text, input->rows[j].text))
				return true;
	return false;
}

static void
check_found(const struct input *input, const struct pattern_set *set)
{
	const struct row *best = NULL, *found;
	const char *text = NULL;

	for (size_t i = 0; i < input->count; i++) {
		const struct row *row = &input->rows[i];

		for (size_t j = 0; j < input->count; j++)
			check_both(row, &input->rows[j], &input->asked);
		if (fits(row, &input->asked) && (best == NULL || better(row, best)))
			best = row;
	}
	found = pattern_set_find(set, input->path, &text);
	if (any_ties(input))
		MUST_HOLD((found == NULL) == (best == NULL));
	else
		MUST_HOLD(found == best);
	MUST_HOLD(found == NULL || (fits(found, &input->asked) && text != NULL));
}

/* good: the target can be read, and all patterns. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input input;
	struct span rest = fuzz_span(data, size), line = { 0 };
	struct pattern_set *set;
	struct target target;

	input = (struct input){ 0 };
	arena_init(&input.arena, ARENA_BYTES);
	set = pattern_set_new(&input.arena);
	MUST_HOLD(set != NULL);
	(void)span_cut(&rest, '\n', &line);
	input.fold = span_is(line, "fold");
	if (input.fold)
		pattern_set_fold(set);
	(void)span_cut(&rest, '\n', &line);
	fuzz_accepted = target_read(line, &input.arena, &target) == REASON_OK;
	input.path = fuzz_accepted ? target.path : SPAN("/");
	take_apart(&input, input.path, false, &input.asked);
	while (input.count < PATTERNS && span_cut(&rest, '\n', &line) && line.len > 0)
		fuzz_accepted = take_pattern(&input, set, line) && fuzz_accepted;
	check_found(&input, set);
	arena_done(&input.arena);
	return 0;
}

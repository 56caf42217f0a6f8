/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/segment.h"

#include "base/digits.h"

/* What is around the `*` of a partial segment. */
struct around {
	struct span before, after;
};

bool
segment_next(struct span *rest, struct span *ret_name)
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

unsigned char
segment_byte(struct span *text)
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

unsigned char
segment_byte_folded(struct span *text)
{
	unsigned char byte = segment_byte(text);

	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte - 'A' + 'a') : byte;
}

struct span
segment_variable(struct span pattern)
{
	if (pattern.len < 2 || pattern.at[0] != '{' || pattern.at[pattern.len - 1] != '}')
		return (struct span){ 0 };
	return span_slice(pattern, 1, pattern.len - 1);
}

enum segment_kind
segment_kind(struct span pattern)
{
	if (span_is(pattern, "*") || segment_variable(pattern).at != NULL)
		return SEGMENT_ANY;
	return span_find(pattern, '*') < pattern.len ? SEGMENT_PARTIAL : SEGMENT_LITERAL;
}

static struct around
around_of(struct span partial)
{
	size_t star = span_find(partial, '*');

	return (struct around){ span_slice(partial, 0, star),
		span_slice(partial, star + 1, partial.len) };
}

size_t
segment_bytes(struct span text)
{
	size_t len = 0;

	for (; text.len > 0; len++)
		(void)segment_byte(&text);
	return len;
}

size_t
segment_literal(struct span pattern)
{
	switch (segment_kind(pattern)) {
	case SEGMENT_LITERAL:
		return segment_bytes(pattern);
	case SEGMENT_PARTIAL:
		return segment_bytes(pattern) - 1;
	default:
		return 0;
	}
}

static bool
starts(struct span text, struct span start)
{
	while (start.len > 0)
		if (text.len == 0 || segment_byte(&text) != segment_byte(&start))
			return false;
	return true;
}

static bool
ends(struct span text, struct span end)
{
	size_t text_len = segment_bytes(text), end_len = segment_bytes(end);

	if (text_len < end_len)
		return false;
	for (; text_len > end_len; text_len--)
		(void)segment_byte(&text);
	return starts(text, end);
}

static bool
fits(struct span literal, struct span partial)
{
	struct around around = around_of(partial);

	return segment_bytes(literal) + 1 >= segment_bytes(partial) &&
	       starts(literal, around.before) && ends(literal, around.after);
}

bool
segment_same(struct span a, struct span b)
{
	enum segment_kind kind = segment_kind(a);

	if (kind != segment_kind(b))
		return false;
	if (kind == SEGMENT_ANY)
		return true;
	if (kind == SEGMENT_PARTIAL)
		return segment_within(a, b) && segment_within(b, a);
	return starts(a, b) && starts(b, a);
}

bool
segment_within(struct span inner, struct span outer)
{
	struct around in, out;

	if (segment_kind(outer) == SEGMENT_ANY)
		return true;
	if (segment_kind(inner) == SEGMENT_LITERAL)
		return segment_kind(outer) == SEGMENT_PARTIAL ? fits(inner, outer)
							      : segment_same(inner, outer);
	if (segment_kind(inner) != SEGMENT_PARTIAL || segment_kind(outer) != SEGMENT_PARTIAL)
		return false;
	in = around_of(inner);
	out = around_of(outer);
	return starts(in.before, out.before) && ends(in.after, out.after);
}

bool
segment_meets(struct span a, struct span b)
{
	struct around one, other;

	if (segment_kind(a) != SEGMENT_PARTIAL || segment_kind(b) != SEGMENT_PARTIAL)
		return segment_within(a, b) || segment_within(b, a);
	one = around_of(a);
	other = around_of(b);
	return (starts(one.before, other.before) || starts(other.before, one.before)) &&
	       (ends(one.after, other.after) || ends(other.after, one.after));
}

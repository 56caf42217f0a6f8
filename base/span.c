/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

static unsigned char
fold(char byte)
{
	unsigned char folded = (unsigned char)byte;

	return folded >= 'A' && folded <= 'Z' ? (unsigned char)(folded + ('a' - 'A')) : folded;
}

bool
span_same_letters(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (fold(a[i]) != fold(b[i]))
			return false;
	}
	return true;
}

bool
span_starts(struct span a, struct span start)
{
	return a.len >= start.len && span_equal(span_slice(a, 0, start.len), start);
}

bool
span_ends(struct span a, struct span end)
{
	return a.len >= end.len && span_equal(span_slice(a, a.len - end.len, a.len), end);
}

size_t
span_find(struct span a, char byte)
{
	const char *found = a.len == 0 ? NULL : memchr(a.at, byte, a.len);

	return found == NULL ? a.len : (size_t)(found - a.at);
}

struct span
span_slice(struct span a, size_t from, size_t to)
{
	if (a.at == NULL)
		return (struct span){ NULL, 0 };
	if (to > a.len)
		to = a.len;
	if (from > to)
		from = to;
	return (struct span){ a.at + from, to - from };
}

bool
span_cut(struct span *rest, char separator, struct span *ret_piece)
{
	size_t end;

	if (rest->at == NULL)
		return false;
	end = span_find(*rest, separator);
	*ret_piece = span_slice(*rest, 0, end);
	if (end < rest->len)
		*rest = span_slice(*rest, end + 1, rest->len);
	else
		*rest = (struct span){ NULL, 0 };
	return true;
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct span
span_trim(struct span a)
{
	while (a.len > 0 && is_blank(a.at[0])) {
		a.at++;
		a.len--;
	}
	while (a.len > 0 && is_blank(a.at[a.len - 1]))
		a.len--;
	return a;
}

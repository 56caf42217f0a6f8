/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

/* The number of continuation bytes, and the smallest code point that this length may encode. */
static size_t
lead(unsigned char c, uint32_t *ret_bits, uint32_t *ret_least)
{
	if (c >= 0xc2 && c <= 0xdf) {
		*ret_bits = c & 0x1fu;
		*ret_least = 0x80;
		return 2;
	}
	if ((c & 0xf0) == 0xe0) {
		*ret_bits = c & 0x0fu;
		*ret_least = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*ret_bits = c & 0x07u;
		*ret_least = 0x10000;
		return 4;
	}
	return 0;
}

size_t
utf8_read(struct span text, uint32_t *ret_point)
{
	uint32_t point = 0, min = 0;
	size_t len;

	if (text.len == 0)
		return 0;
	if ((unsigned char)text.at[0] < 0x80) {
		*ret_point = (unsigned char)text.at[0];
		return 1;
	}
	len = lead((unsigned char)text.at[0], &point, &min);
	if (len == 0 || len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (c & 0x3fu);
	}
	if (point < min || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

size_t
utf8_length(struct span text)
{
	uint32_t point;

	return utf8_read(text, &point);
}

bool
utf8_valid(struct span text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t len = utf8_length(span_slice(text, at, text.len));

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

bool
utf8_plain(struct span text)
{
	uint32_t point;
	size_t i, len;

	for (i = 0; i < text.len; i += len) {
		len = utf8_read(span_slice(text, i, text.len), &point);
		if (len == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f))
			return false;
	}
	return true;
}

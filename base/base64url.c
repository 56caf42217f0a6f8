/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64url.h"

#include <stdint.h>

#define URL_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* A character's value plus one; 0 is not in the alphabet. The last two differ by alphabet. */
/* clang-format off */
static const unsigned char places[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26,
	['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33,
	['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47,
	['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59,
	['7'] = 60, ['8'] = 61, ['9'] = 62,
};
/* clang-format on */

static const char url_last[2] = { '-', '_' };
static const char standard_last[2] = { '+', '/' };

/* 0..63, or 64 for a character outside of the alphabet. */
static uint32_t
value_of(char byte, const char last[2])
{
	unsigned char place = places[(unsigned char)byte];

	if (place != 0)
		return place - 1u;
	return byte == last[0] ? 62 : byte == last[1] ? 63 : 64;
}

/* The 2 or 3 characters that do not fill a group. Bits that make no byte must be zero. */
static bool
decode_tail(struct span tail, const char last[2], unsigned char *out)
{
	uint32_t bits = 0;

	if (tail.len == 1)
		return false;
	for (size_t i = 0; i < tail.len; i++) {
		uint32_t value = value_of(tail.at[i], last);

		if (value > 63)
			return false;
		bits |= value << (18 - 6 * i);
	}
	if (tail.len == 2 && (bits & 0xffff) != 0)
		return false;
	if (tail.len == 3 && (bits & 0xff) != 0)
		return false;
	if (tail.len >= 2)
		out[0] = (unsigned char)(bits >> 16);
	if (tail.len == 3)
		out[1] = (unsigned char)(bits >> 8);
	return true;
}

static bool
decode(struct span text, const char last[2], unsigned char *out, size_t *ret_len)
{
	size_t whole = text.len / 4 * 4;
	size_t at = 0;
	struct span tail = span_slice(text, whole, text.len);

	for (size_t i = 0; i < whole; i += 4) {
		uint32_t a = value_of(text.at[i], last);
		uint32_t b = value_of(text.at[i + 1], last);
		uint32_t c = value_of(text.at[i + 2], last);
		uint32_t d = value_of(text.at[i + 3], last);

		if ((a | b | c | d) > 63)
			return false;
		out[at++] = (unsigned char)(a << 2 | b >> 4);
		out[at++] = (unsigned char)(b << 4 | c >> 2);
		out[at++] = (unsigned char)(c << 6 | d);
	}
	if (!decode_tail(tail, last, out + at))
		return false;
	*ret_len = at + (tail.len == 0 ? 0 : tail.len - 1);
	return true;
}

bool
base64url_decode(struct span text, unsigned char *out, size_t *ret_len)
{
	return decode(text, url_last, out, ret_len);
}

bool
base64url_decode_standard(struct span text, unsigned char *out, size_t *ret_len)
{
	size_t padding = 0;

	if (text.len % 4 != 0)
		return false;
	while (padding < 2 && text.len > padding && text.at[text.len - 1 - padding] == '=')
		padding++;
	return decode(span_slice(text, 0, text.len - padding), standard_last, out, ret_len);
}

size_t
base64url_encode(struct span bytes, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t bits = (uint32_t)(unsigned char)bytes.at[i] << 16;

		if (left > 1)
			bits |= (uint32_t)(unsigned char)bytes.at[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)bytes.at[i + 2];
		out[at++] = URL_ALPHABET[bits >> 18];
		out[at++] = URL_ALPHABET[bits >> 12 & 63];
		if (left > 1)
			out[at++] = URL_ALPHABET[bits >> 6 & 63];
		if (left > 2)
			out[at++] = URL_ALPHABET[bits & 63];
	}
	return at;
}

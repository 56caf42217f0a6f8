/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64url.h"

#include <stdint.h>

#define URL_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* A character's value plus one; 0 is not in the alphabet. One table for each alphabet: every byte
 * of every token is looked up here. */
/* clang-format off */
#define LETTERS_AND_DIGITS \
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  \
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, \
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, \
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26,                         \
	['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, \
	['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, \
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, \
	['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,                         \
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, \
	['7'] = 60, ['8'] = 61, ['9'] = 62
/* clang-format on */

static const unsigned char url_places[256] = { LETTERS_AND_DIGITS, ['-'] = 63, ['_'] = 64 };
static const unsigned char standard_places[256] = { LETTERS_AND_DIGITS, ['+'] = 63, ['/'] = 64 };

/* 0..63, or more for a character outside of the alphabet. */
static uint32_t
value_of(char byte, const unsigned char places[256])
{
	return places[(unsigned char)byte] - 1u;
}

/* The 2 or 3 characters that do not fill a group. Bits that make no byte must be zero. */
static bool
decode_tail(struct span tail, const unsigned char places[256], unsigned char *out)
{
	uint32_t bits = 0;

	if (tail.len == 1)
		return false;
	for (size_t i = 0; i < tail.len; i++) {
		uint32_t value = value_of(tail.at[i], places);

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
decode(struct span text, const unsigned char places[256], unsigned char *out, size_t *ret_len)
{
	size_t whole = text.len / 4 * 4;
	size_t at = 0;
	struct span tail = span_slice(text, whole, text.len);

	for (size_t i = 0; i < whole; i += 4) {
		uint32_t a = value_of(text.at[i], places);
		uint32_t b = value_of(text.at[i + 1], places);
		uint32_t c = value_of(text.at[i + 2], places);
		uint32_t d = value_of(text.at[i + 3], places);

		if ((a | b | c | d) > 63)
			return false;
		out[at++] = (unsigned char)(a << 2 | b >> 4);
		out[at++] = (unsigned char)(b << 4 | c >> 2);
		out[at++] = (unsigned char)(c << 6 | d);
	}
	if (!decode_tail(tail, places, out + at))
		return false;
	*ret_len = at + (tail.len == 0 ? 0 : tail.len - 1);
	return true;
}

bool
base64url_decode(struct span text, unsigned char *out, size_t *ret_len)
{
	return decode(text, url_places, out, ret_len);
}

bool
base64url_decode_standard(struct span text, unsigned char *out, size_t *ret_len)
{
	size_t padding = 0;

	if (text.len % 4 != 0)
		return false;
	while (padding < 2 && text.len > padding && text.at[text.len - 1 - padding] == '=')
		padding++;
	return decode(span_slice(text, 0, text.len - padding), standard_places, out, ret_len);
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

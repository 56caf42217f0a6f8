/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/prefix.h"

/* The value of a digit of a canonical escape, which is upper case. */
static unsigned
hex(char digit)
{
	return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'A' + 10);
}

/* Take one character from the front. An escaped slash is unlike any other. */
static unsigned
take(struct span *text)
{
	struct span escape = span_slice(*text, 0, 3);
	unsigned byte = (unsigned char)text->at[0];

	if (byte != '%' || escape.len < 3) {
		*text = span_slice(*text, 1, text->len);
		return byte;
	}
	*text = span_slice(*text, 3, text->len);
	byte = hex(escape.at[1]) * 16 + hex(escape.at[2]);
	return byte == '/' ? 256 : byte;
}

struct span
prefix_strip(struct span path, struct span prefix)
{
	while (prefix.len > 0)
		if (path.len == 0 || take(&path) != take(&prefix))
			return (struct span){ 0 };
	if (path.len == 0)
		return SPAN("/");
	return path.at[0] == '/' ? path : (struct span){ 0 };
}

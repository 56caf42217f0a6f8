/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/token_char.h"

#define ROW16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

/* clang-format off */
const unsigned char token_char_table[256] = {
	ROW16(0), ROW16(0),
	/*   ! " # $ % & ' ( ) * + , - . / */
	0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
	/* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
	/* @ A … */
	0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* P … Z [ \ ] ^ _ */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
	/* ` a … */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* p … z { | } ~ DEL */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
	ROW16(0), ROW16(0), ROW16(0), ROW16(0), ROW16(0), ROW16(0), ROW16(0), ROW16(0),
};
/* clang-format on */

bool
token_char_all(struct span text)
{
	unsigned char all = 1;

	for (size_t i = 0; i < text.len; i++)
		all &= token_char_table[(unsigned char)text.at[i]];
	return text.len > 0 && all != 0;
}

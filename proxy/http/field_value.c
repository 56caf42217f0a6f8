/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/field_value.h"

#include <stdint.h>
#include <string.h>

/* Every byte of every value is looked at here: 16 at a time, by the vectors of GCC and Clang. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

static bytes16
controls(const char *at)
{
	bytes16 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return (bytes16)(((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7f));
}

static bool
short_valid(struct span value)
{
	bool bad = false;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		bad |= (c < 0x20 && c != '\t') || c == 0x7f;
	}
	return !bad;
}

/* The last 16 bytes may have been looked at in part already. */
bool
field_value_valid(struct span value)
{
	bytes16 bad = { 0 };
	uint64_t halves[2];

	if (value.len < sizeof(bad))
		return short_valid(value);
	for (size_t at = 0; at + sizeof(bad) < value.len; at += sizeof(bad))
		bad |= controls(value.at + at);
	bad |= controls(value.at + value.len - sizeof(bad));
	memcpy(halves, &bad, sizeof(bad));
	return (halves[0] | halves[1]) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/field_value.h"

#include <stdint.h>
#include <string.h>

/* Every byte of every value is looked at here: 16 or 8 at a time, by the vectors of GCC and Clang.
 */
#define IS_CONTROL(bytes) ((((bytes) < 0x20) & ((bytes) != '\t')) | ((bytes) == 0x7f))

typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef unsigned char bytes8 __attribute__((vector_size(8)));

static bytes16
controls16(const char *at)
{
	bytes16 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return (bytes16)IS_CONTROL(bytes);
}

static bytes8
controls8(const char *at)
{
	bytes8 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return (bytes8)IS_CONTROL(bytes);
}

static bool
valid_of_16(struct span value)
{
	bytes16 bad = controls16(value.at + value.len - sizeof(bad));
	uint64_t halves[2];

	for (size_t at = 0; at + sizeof(bad) < value.len; at += sizeof(bad))
		bad |= controls16(value.at + at);
	memcpy(halves, &bad, sizeof(bad));
	return (halves[0] | halves[1]) == 0;
}

static bool
valid_of_8(struct span value)
{
	bytes8 bad = controls8(value.at) | controls8(value.at + value.len - sizeof(bad));
	uint64_t whole;

	memcpy(&whole, &bad, sizeof(bad));
	return whole == 0;
}

static bool
short_valid(struct span value)
{
	bool bad = false;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		bad |= IS_CONTROL(c);
	}
	return !bad;
}

/* The last bytes may be looked at twice. */
bool
field_value_valid(struct span value)
{
	if (value.len >= sizeof(bytes16))
		return valid_of_16(value);
	if (value.len >= sizeof(bytes8))
		return valid_of_8(value);
	return short_valid(value);
}

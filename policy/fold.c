/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fold.h"

#include <stddef.h>

struct range {
	uint32_t first, last; /* both included */
};

/*
 * All code points above ASCII whose NFKC form holds ".", "/" or "\" (Unicode 14.0), by this Python:
 *
 *     [c for c in range(0x80, 0x110000) if not 0xd800 <= c < 0xe000
 *      and set(unicodedata.normalize("NFKC", chr(c))) & set("./\\")]
 *
 * and six slashes that no folding touches but that some tables map to ASCII: U+2044, U+2215,
 * U+2216, U+29F5, U+29F8, U+29F9.
 */
static const struct separator {
	struct range range;
	const char *text;
} separators[] = {
	{ { 0x2024, 0x2024 }, "." },
	{ { 0x2025, 0x2025 }, ".." },
	{ { 0x2026, 0x2026 }, "..." },
	{ { 0x2044, 0x2044 }, "/" },
	{ { 0x2100, 0x2101 }, "x/x" },
	{ { 0x2105, 0x2106 }, "x/x" },
	{ { 0x2215, 0x2215 }, "/" },
	{ { 0x2216, 0x2216 }, "\\" },
	{ { 0x2488, 0x249b }, "x." },
	{ { 0x29f5, 0x29f5 }, "\\" },
	{ { 0x29f8, 0x29f8 }, "/" },
	{ { 0x29f9, 0x29f9 }, "\\" },
	{ { 0x33c2, 0x33c2 }, "x." },
	{ { 0x33c7, 0x33c7 }, "x." },
	{ { 0x33d8, 0x33d8 }, "x." },
	{ { 0xfe19, 0xfe19 }, "..." },
	{ { 0xfe30, 0xfe30 }, ".." },
	{ { 0xfe52, 0xfe52 }, "." },
	{ { 0xfe68, 0xfe68 }, "\\" },
	{ { 0xff0e, 0xff0e }, "." },
	{ { 0xff0f, 0xff0f }, "/" },
	{ { 0xff3c, 0xff3c }, "\\" },
	{ { 0x1f100, 0x1f100 }, "x." },
};

#define SEPARATORS (sizeof(separators) / sizeof(separators[0]))

/* Those whose NFKC form is U+0020. */
static const struct range spaces[] = {
	{ 0x20, 0x20 },
	{ 0xa0, 0xa0 },
	{ 0x2000, 0x200a },
	{ 0x202f, 0x202f },
	{ 0x205f, 0x205f },
	{ 0x3000, 0x3000 },
};

/* Soft hyphen, zero-width and direction marks, variation selectors, byte order mark. */
static const struct range nothings[] = {
	{ 0xad, 0xad },
	{ 0x200b, 0x200f },
	{ 0x202a, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
};

static bool
within(const struct range *ranges, size_t count, uint32_t point)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (point > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && point >= ranges[low].first;
}

const char *
fold_separator(uint32_t point)
{
	size_t low = 0, high = SEPARATORS;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (point > separators[middle].range.last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < SEPARATORS && point >= separators[low].range.first ? separators[low].text
									: NULL;
}

bool
fold_is_space(uint32_t point)
{
	return within(spaces, sizeof(spaces) / sizeof(spaces[0]), point);
}

bool
fold_is_nothing(uint32_t point)
{
	return within(nothings, sizeof(nothings) / sizeof(nothings[0]), point);
}

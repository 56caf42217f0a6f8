/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "policy/fold.h"

#define POINTS 0x110000u

static bool
separates(uint32_t point)
{
	return fold_separator(point) != NULL;
}

static size_t
count(bool (*is)(uint32_t))
{
	size_t found = 0;

	for (uint32_t point = 0; point < POINTS; point++)
		found += is(point);
	return found;
}

/* The totals that the derivation in fold.c gives; a range that is missing or out of order, which
 * the search would not find, changes them. */
static void
every_range_is_found(void **state)
{
	(void)state;
	assert_int_equal(count(separates), 44);
	assert_int_equal(count(fold_is_space), 16);
	assert_int_equal(count(fold_is_nothing), 1 + 5 + 5 + 16 + 16 + 1);
}

static void
ascii_is_never_folded(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x80; point++) {
		assert_false(separates(point));
		assert_false(fold_is_nothing(point));
		assert_int_equal(fold_is_space(point), point == ' ');
	}
}

static void
known_characters_separate(void **state)
{
	static const uint32_t points[] = { 0x2024, 0x2025, 0x2026, 0x2044, 0x2100, 0x2101, 0x2105,
		0x2106, 0x2215, 0x2216, 0x2488, 0x249b, 0x29f5, 0x29f8, 0x29f9, 0xfe19, 0xfe30,
		0xfe52, 0xfe68, 0xff0e, 0xff0f, 0xff3c, 0x1f100 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(points); i++)
		if (!separates(points[i]))
			fail_msg("U+%04X does not", points[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_range_is_found),
		cmocka_unit_test(ascii_is_never_folded),
		cmocka_unit_test(known_characters_separate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

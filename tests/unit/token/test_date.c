/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token/date.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

static void
numbers_from_1970_to_9999_are_dates(void **state)
{
	static const struct {
		const char *json;
		int64_t floor_s, ceiling_s;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 1, 1 },
		{ "1760000000", 1760000000, 1760000000 },
		{ "1760000000.0", 1760000000, 1760000000 },
		{ "1760000000.5", 1760000000, 1760000001 },
		{ "1760000000.000001", 1760000000, 1760000001 },
		{ "1.76e9", 1760000000, 1760000000 },
		{ "0.1", 0, 1 },
		{ "1e-300", 0, 1 },
		{ "-0.0", 0, 0 },
		{ "-0", 0, 0 },
		{ "4294967296", 4294967296, 4294967296 },
		{ "253402300799", DATE_MAX_S, DATE_MAX_S },
		{ "253402300799.0", DATE_MAX_S, DATE_MAX_S },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		json_t *json = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
		struct date date = { 0 };

		assert_non_null(json);
		if (!date_read(json, &date))
			fail_msg("%s is no date", cases[i].json);
		assert_true(date.present);
		assert_int_equal(date.floor_s, cases[i].floor_s);
		assert_int_equal(date.ceiling_s, cases[i].ceiling_s);
		json_decref(json);
	}
}

static void
nothing_else_is_a_date(void **state)
{
	static const char *const cases[] = { "-1", "-0.5", "-1e-9", "253402300800",
		"253402300799.5", "253402300800.0", "1e12", "1e308", "9223372036854775807",
		"-9223372036854775808", "\"1760000000\"", "\"\"", "true", "false", "null", "[]",
		"[1760000000]", "{}", "{\"exp\":1}" };

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		json_t *json = json_loads(cases[i], JSON_DECODE_ANY, NULL);
		struct date date = { .floor_s = 7 };

		assert_non_null(json);
		if (date_read(json, &date))
			fail_msg("%s is a date", cases[i]);
		assert_int_equal(date.floor_s, 7);
		json_decref(json);
	}
}

static void
an_absent_claim_is_absent(void **state)
{
	struct date date = { true, 1, 1 };

	(void)state;
	assert_true(date_read(NULL, &date));
	assert_false(date.present);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_from_1970_to_9999_are_dates),
		cmocka_unit_test(nothing_else_is_a_date),
		cmocka_unit_test(an_absent_claim_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

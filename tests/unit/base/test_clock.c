/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

static void
times_are_read(void **state)
{
	static const struct {
		struct span text;
		int64_t s;
	} cases[] = {
		{ SPAN("0"), 0 },
		{ SPAN("1795435200"), 1795435200 },
		{ SPAN("9223372036854775807"), INT64_MAX },
		{ SPAN("1970-01-01T00:00:00Z"), 0 },
		{ SPAN("2026-11-23T12:00:00Z"), 1795435200 },
		{ SPAN("2026-11-23t12:00:00z"), 1795435200 },
		{ SPAN("2026-11-23T12:00:00.999Z"), 1795435200 },
		{ SPAN("2026-11-23T13:30:00+01:30"), 1795435200 },
		{ SPAN("2026-11-23T04:00:00-08:00"), 1795435200 },
		{ SPAN("2024-02-29T00:00:00Z"), 1709164800 },
		{ SPAN("2000-02-29T23:59:59Z"), 951868799 },
		{ SPAN("1969-12-31T23:59:59Z"), -1 },
		{ SPAN("2016-12-31T23:59:60Z"), 1483228800 },
		{ SPAN("0000-01-01T00:00:00Z"), -62167219200 },
		{ SPAN("9999-12-31T23:59:59Z"), 253402300799 },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		int64_t s = -99;

		if (!clock_parse(cases[i].text, &s) || s != cases[i].s)
			fail_msg("%.*s: got %lld", SPAN_ARG(cases[i].text), (long long)s);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const struct span texts[] = {
		{ NULL, 0 },
		SPAN(""),
		SPAN(" 1"),
		SPAN("1 "),
		SPAN("-1"),
		SPAN("+1"),
		SPAN("1.5"),
		SPAN("0x10"),
		SPAN("9223372036854775808"),
		SPAN("99999999999999999999"),
		SPAN("2026-11-23"),
		SPAN("2026-11-23T12:00:00"),
		SPAN("2026-11-23 12:00:00Z"),
		SPAN("2026-11-23T12:00Z"),
		SPAN("2026-11-23T12:00:00.Z"),
		SPAN("2026-11-23T12:00:00ZZ"),
		SPAN("2026-11-23T12:00:00Z\0"),
		SPAN("2026-13-01T00:00:00Z"),
		SPAN("2026-00-01T00:00:00Z"),
		SPAN("2026-11-31T00:00:00Z"),
		SPAN("2026-11-00T00:00:00Z"),
		SPAN("2026-02-29T00:00:00Z"),
		SPAN("1900-02-29T00:00:00Z"),
		SPAN("2026-11-23T24:00:00Z"),
		SPAN("2026-11-23T12:60:00Z"),
		SPAN("2026-11-23T12:00:61Z"),
		SPAN("2026-11-23T12:00:00+24:00"),
		SPAN("2026-11-23T12:00:00+01:60"),
		SPAN("2026-11-23T12:00:00+0100"),
		SPAN("20261-11-23T12:00:00Z"),
		SPAN("now"),
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(texts); i++) {
		int64_t s = -99;

		if (clock_parse(texts[i], &s) || s != -99)
			fail_msg("%.*s", SPAN_ARG(texts[i]));
	}
}

static void
times_are_written_with_milliseconds(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1795435200123999, "2026-11-23T12:00:00.123Z" },
		{ 951868799999999, "2000-02-29T23:59:59.999Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 253402300799999999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "294247-01-10T04:00:54.775Z" },
		{ INT64_MIN, "-290308-12-21T19:59:05.224Z" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char text[32];

		clock_format(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* The C library as the second opinion, for each day of four hundred years. */
static void
every_day_goes_both_ways(void **state)
{
	(void)state;
	for (int64_t day = -25000; day < 125000; day++) {
		time_t noon = (time_t)(day * 86400 + 43200);
		struct tm tm;
		char want[64];
		char text[32];
		int64_t s = 0;

		assert_non_null(gmtime_r(&noon, &tm));
		(void)snprintf(want, sizeof(want), "%04d-%02d-%02dT12:00:00.000Z",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		clock_format((int64_t)noon * 1000000, text);
		assert_string_equal(text, want);
		assert_true(clock_parse(span_of(text), &s));
		assert_int_equal(s, noon);
	}
}

static void
http_dates_are_those_of_the_system(void **state)
{
	static const int64_t days[] = { 0, 784887151, 951782400, 1735689599, 4102444800, -1 };
	char text[CLOCK_HTTP_BYTES], want[64];

	(void)state;
	clock_format_http(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110 section 5.6.7 */
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		for (int64_t s = days[i]; s < days[i] + 40 * INT64_C(86400); s += 40009) {
			time_t at = (time_t)s;
			struct tm tm;

			assert_non_null(gmtime_r(&at, &tm));
			(void)strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm);
			clock_format_http(s, text);
			assert_string_equal(text, want);
		}
	}
	assert_int_equal(strlen(clock_http_now()), CLOCK_HTTP_BYTES - 1);
}

/* The time now lies between those before and after it, in three seconds one after the other. */
static void
the_text_of_now_is_the_time_now(void **state)
{
	int64_t first_s = clock_now_s();
	char before[32], after[32];

	(void)state;
	do {
		const char *text;

		clock_format(clock_now_us(), before);
		text = clock_text_now();
		clock_format(clock_now_us(), after);
		assert_int_equal(strlen(text), strlen(before));
		assert_true(strcmp(before, text) <= 0);
		assert_true(strcmp(text, after) <= 0);
	} while (clock_now_s() < first_s + 2);
}

static void
clocks_agree_and_do_not_go_back(void **state)
{
	int64_t before_us = clock_mono_us();
	int64_t now_s = clock_now_s();
	int64_t now_us = clock_now_us();

	(void)state;
	assert_true(now_s > 1700000000);
	assert_in_range(now_us / 1000000, now_s, now_s + 600);
	for (int i = 0; i < 1000; i++) {
		int64_t after_us = clock_mono_us();

		assert_true(after_us >= before_us);
		before_us = after_us;
	}
}

/* Whatever part of a second lies between their ticks. */
static void
an_age_by_unix_time_is_never_less(void **state)
{
	static const int64_t start_us[] = { 1790000000000000, 1790000000100000, 1790000000999999 };
	const int64_t mono_start_s = INT64_C(1) << 33; /* where clock_mono_s() starts */

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int64_t mono_us = 5000000; mono_us < 9000000; mono_us += 99991) {
			int64_t began_s = mono_start_s + 5;
			int64_t now_us = start_us[i] + mono_us;
			int64_t unix_s = clock_unix_of_mono(began_s, now_us, mono_us);
			int64_t age_s = mono_start_s + mono_us / 1000000 - began_s;

			assert_int_equal(unix_s, start_us[i] / 1000000 + 5);
			assert_in_range(now_us / 1000000 - unix_s, age_s, age_s + 1);
		}
	}
	assert_int_equal(clock_unix_of_mono(mono_start_s + 5, 1000000, 5900000), 0); /* 1970 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(times_are_written_with_milliseconds),
		cmocka_unit_test(every_day_goes_both_ways),
		cmocka_unit_test(http_dates_are_those_of_the_system),
		cmocka_unit_test(the_text_of_now_is_the_time_now),
		cmocka_unit_test(clocks_agree_and_do_not_go_back),
		cmocka_unit_test(an_age_by_unix_time_is_never_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

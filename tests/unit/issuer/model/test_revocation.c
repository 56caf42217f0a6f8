/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "issuer/model/revocation.h"

#define NOW_S 1000

static void
until_now_is_dated_by_the_clock_that_counts(void **state)
{
	static const struct {
		int kind;
		int64_t before_s, created_s;
		bool fresh;
		int64_t want_s;
	} rows[] = {
		{ REVOKE_CLIENT, 940, 940, true, NOW_S },
		{ REVOKE_SUBJECT, NOW_S - 1, NOW_S - 1, true, NOW_S },
		{ REVOKE_ALL, NOW_S + 60, NOW_S + 60, true, NOW_S + 60 },
		{ REVOKE_ALL, NOW_S + 61, NOW_S + 61, true, NOW_S },
		/* Dated already, but by a clock that was ahead. */
		{ REVOKE_CLIENT, 940, 940, false, 940 },
		{ REVOKE_CLIENT, NOW_S + 61, NOW_S + 61, false, NOW_S },
		/* A time that was asked for stays. */
		{ REVOKE_CLIENT, 900, 940, true, 900 },
		{ REVOKE_CLIENT, 9000, 940, true, 9000 },
		{ REVOKE_TOKEN, 0, 0, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct revocation one = { .kind = rows[i].kind,
			.before_s = rows[i].before_s,
			.created_s = rows[i].created_s,
			.until_s = rows[i].before_s + 50 };
		bool changes = rows[i].want_s != rows[i].before_s;

		assert_int_equal(revocation_date(&one, rows[i].fresh, NOW_S), changes);
		assert_int_equal(one.before_s, rows[i].want_s);
		assert_int_equal(one.until_s, rows[i].want_s + 50);
		assert_int_equal(one.instead_s, changes ? rows[i].before_s : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(until_now_is_dated_by_the_clock_that_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

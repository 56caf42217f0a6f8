/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/steady.h"

#define YEARS (2 * 365 * 86400)

static void
a_clock_is_believed_ten_minutes_after_it_was_set(void **state)
{
	static const struct {
		int64_t now_s, mono_s, jump_s;
		bool steady;
	} looks[] = {
		{ 1000000, 5000, 0, true },
		{ 1000001, 5001, 0, true },
		{ 1000062, 5002, 0, true }, /* a step of NTP */
		{ 1000063 + YEARS, 5003, YEARS, false },
		{ 1000067 + YEARS, 5007, 0, false },
		{ 1000068, 5008, -YEARS, false },
		{ 1000667, 5607, 0, false },
		{ 1000668, 5608, 0, true },
	};
	struct steady steady = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		int64_t jump_s = -1;
		bool is = steady_look(&steady, looks[i].now_s, looks[i].mono_s, &jump_s);

		if (is != looks[i].steady || jump_s != looks[i].jump_s)
			fail_msg("look %zu: %d, jump %lld", i, is, (long long)jump_s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_is_believed_ten_minutes_after_it_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/names.h"

static void
an_address_needs_no_name_server(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1", "203.0.113.7" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		assert_true(names_answered(addresses[i], 0, &err));
}

static void
what_the_system_knows_is_answered(void **state)
{
	struct err err;

	(void)state;
	assert_true(names_answered("localhost", clock_mono_us() + 60000000, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_needs_no_name_server),
		cmocka_unit_test(what_the_system_knows_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

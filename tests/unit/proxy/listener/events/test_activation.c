/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/listener/events/activation.h"

#define NONE (-1)

static const struct {
	struct activation given;
	const char *name;
	int from, want;
} cases[] = {
	{ { "7", "1", "web", 7 }, "web", 3, 3 },
	{ { "7", "1", "web", 7 }, "web", 4, NONE },
	{ { "7", "1", "web", 7 }, "we", 3, NONE },
	{ { "7", "1", "web", 7 }, "", 3, NONE },
	{ { "7", "3", "web:admin:web", 7 }, "web", 3, 3 },
	{ { "7", "3", "web:admin:web", 7 }, "web", 4, 5 },
	{ { "7", "3", "web:admin:web", 7 }, "web", 6, NONE },
	{ { "7", "3", "web:admin:web", 7 }, "admin", 3, 4 },
	{ { "7", "2", "web:admin:other", 7 }, "other", 3, NONE }, /* more names than sockets */
	{ { "7", "3", "web:admin", 7 }, "unknown", 3, NONE },     /* and fewer */
	{ { "7", "3", "web::admin", 7 }, "admin", 3, 5 },
	{ { "7", "2", NULL, 7 }, "unknown", 4, 4 },
	{ { "7", "2", NULL, 7 }, "web", 3, NONE },
	{ { "8", "1", "web", 7 }, "web", 3, NONE }, /* for another process */
	{ { NULL, "1", "web", 7 }, "web", 3, NONE },
	{ { "7", NULL, "web", 7 }, "web", 3, NONE },
	{ { "", "1", "web", 7 }, "web", 3, NONE },
	{ { "7x", "1", "web", 7 }, "web", 3, NONE },
	{ { "-7", "1", "web", 7 }, "web", 3, NONE },
	{ { "7", "-1", "web", 7 }, "web", 3, NONE },
	{ { "7", "0", "web", 7 }, "web", 3, NONE },
	{ { "7", "1 ", "web", 7 }, "web", 3, NONE },
	{ { "7", "99999999999999999999", "web", 7 }, "web", 3, NONE },
};

static void
sockets_are_found_by_their_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int got = activation_find(&cases[i].given, span_of(cases[i].name), cases[i].from);

		if (got != cases[i].want)
			fail_msg("case %zu: got %d", i, got);
	}
}

static void
each_socket_has_a_name(void **state)
{
	const struct activation given = { "7", "2", "web:", 7 }, unnamed = { "7", "1", NULL, 7 };
	struct span name;

	(void)state;
	assert_true(activation_name(&given, 3, &name));
	assert_true(span_is(name, "web"));
	assert_true(activation_name(&given, 4, &name));
	assert_true(span_is(name, ""));
	assert_false(activation_name(&given, 5, &name));
	assert_false(activation_name(&given, 2, &name));
	assert_true(activation_name(&unnamed, 3, &name));
	assert_true(span_is(name, "unknown"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_found_by_their_names),
		cmocka_unit_test(each_socket_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

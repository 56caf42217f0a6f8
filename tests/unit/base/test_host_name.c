/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/host_name.h"

/* name.at == NULL: it is none. More forms are in test_host.c. */
static const struct {
	struct span host, name;
} cases[] = {
	{ SPAN("api.example"), SPAN("api.example") },
	{ SPAN("API.Example"), SPAN("api.example") },
	{ SPAN("api.example."), SPAN("api.example") },
	{ SPAN("Api.example.:8443"), SPAN("api.example") },
	{ SPAN("A_B-1:80"), SPAN("a_b-1") },
	{ SPAN("127.0.0.1:80"), SPAN("127.0.0.1") },
	{ SPAN("[::1]"), SPAN("[::1]") },
	{ SPAN("[0:0::0:1]:80"), SPAN("[::1]") },
	{ SPAN("[2001:DB8::A]"), SPAN("[2001:db8::a]") },
	{ SPAN(""), { NULL, 0 } },
	{ SPAN("."), { NULL, 0 } },
	{ SPAN("a.."), { NULL, 0 } },
	{ SPAN("a:0"), { NULL, 0 } },
	{ SPAN("[::1"), { NULL, 0 } },
	{ SPAN("::1"), { NULL, 0 } },
	{ SPAN("*.example"), { NULL, 0 } },
	{ SPAN("a%2eb"), { NULL, 0 } },
};

static void
one_host_has_one_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		struct span name;

		arena_init(&arena, 4096);
		name = host_name_read(cases[i].host, &arena);
		if ((name.at == NULL) != (cases[i].name.at == NULL) ||
		    !span_equal(name, cases[i].name))
			fail_msg("%.*s: %.*s", SPAN_ARG(cases[i].host), SPAN_ARG(name));
		arena_done(&arena);
	}
}

static void
without_memory_there_is_none(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_null(host_name_read(SPAN("API.example"), &arena).at);
	assert_null(host_name_read(SPAN("[::1]"), &arena).at);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_host_has_one_name),
		cmocka_unit_test(without_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/http/forwarded_node.h"

#define LONG "_2345678901234567890123456789012345678901234567890123456789012"

/* name NULL: it cannot be read. */
static const struct {
	const char *text, *name;
} cases[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1:4711", "192.0.2.1" },
	{ "192.0.2.1:_port", "192.0.2.1" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "[2001:DB8::1]", "2001:db8::1" },
	{ "[2001:db8::1]:4711", "2001:db8::1" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "[::ffff:192.0.2.1]:80", "192.0.2.1" },
	{ "fe80::1%eth0", "fe80::1" },
	{ "[fe80::1%eth0]:80", "fe80::1" },
	{ "[fe80::1%25en1.100]", "fe80::1" },
	{ "unknown", "unknown" },
	{ "UnKnown:1", "unknown" },
	{ "_hidden", "_hidden" },
	{ "_a.b-c_d:80", "_a.b-c_d" },
	{ LONG "3", LONG "3" },
	{ LONG "34", NULL },
	{ "", NULL },
	{ "_", NULL },
	{ "_a b", NULL },
	{ "_a,b", NULL },
	{ "unix", NULL },
	{ "unix:", NULL },
	{ "localhost", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "0192.0.2.1", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:-1", NULL },
	{ "192.0.2.1:8x", NULL },
	{ "192.0.2.1%eth0", NULL },
	{ "192.0.2.1/32", NULL },
	{ "[192.0.2.1]", NULL },
	{ "[2001:db8::1", NULL },
	{ "2001:db8::1]", NULL },
	{ "[2001:db8::1]x", NULL },
	{ "[2001:db8::1]:", NULL },
	{ "[2001:db8::1]]", NULL },
	{ "[[::1]]", NULL },
	{ "[]", NULL },
	{ "[", NULL },
	{ "]", NULL },
	{ ":", NULL },
	{ "%", NULL },
	{ "fe80::1%", NULL },
	{ "fe80::1%eth 0", NULL },
	{ "fe80::1%25", NULL },
	{ "fe80::1%012345678901234567890123456789012", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "http://192.0.2.1", NULL },
};

static void
whoever_is_named_has_one_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[REQUEST_PEER_ROOM] = "";
		bool read = forwarded_node_read(span_of(cases[i].text), name);

		if (read != (cases[i].name != NULL) || (read && strcmp(name, cases[i].name) != 0))
			fail_msg("%s: got %s", cases[i].text, read ? name : "nothing");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whoever_is_named_has_one_name) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cidr.h"

/* Of one network each: who belongs to it, and who does not. rule: why it is none. */
static const struct {
	const char *text, *in, *out, *rule;
} cases[] = {
	{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0", NULL },
	{ "10.0.0.0/9", "10.127.0.1", "10.128.0.0", NULL },
	{ "192.0.2.7", "192.0.2.7", "192.0.2.6", NULL },
	{ "192.0.2.7/32", "::ffff:192.0.2.7", "::192.0.2.7", NULL },
	{ "0.0.0.0/0", "255.255.255.255", "::1", NULL },
	{ "::/0", "::1", "unix", NULL },
	{ "::1", "::1", "127.0.0.1", NULL },
	{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::", NULL },
	{ "", NULL, NULL, "must be an address" },
	{ "localhost", NULL, NULL, "must be an address" },
	{ "10.0.0", NULL, NULL, "must be an address" },
	{ "fe80::1%lo", NULL, NULL, "must be an address" },
	{ "10.0.0.0/33", NULL, NULL, "0..32 bits" },
	{ "10.0.0.0/", NULL, NULL, "0..32 bits" },
	{ "10.0.0.0/-1", NULL, NULL, "0..32 bits" },
	{ "10.0.0.0/8/8", NULL, NULL, "0..32 bits" },
	{ "::/129", NULL, NULL, "0..128 bits" },
	{ "10.0.0.1/8", NULL, NULL, "beyond its prefix" },
	{ "2001:db8::1/64", NULL, NULL, "beyond its prefix" },
	{ "::ffff:10.0.0.0/104", NULL, NULL, "as an IPv4 network" },
};

static void
networks_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { "" };
		struct cidr cidr;
		struct cidr_set set = { &cidr, 1, false };
		bool read = cidr_read(span_of(cases[i].text), &cidr, &err);

		if (read != (cases[i].rule == NULL))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (!read) {
			assert_non_null(strstr(err.text, cases[i].rule));
			continue;
		}
		if (!cidr_set_has(&set, span_of(cases[i].in)) ||
		    cidr_set_has(&set, span_of(cases[i].out)))
			fail_msg("%s", cases[i].text);
	}
}

static void
a_peer_without_an_address_is_of_no_network(void **state)
{
	struct cidr_set set = { .has_unix = true };

	(void)state;
	assert_true(cidr_set_has(&set, SPAN("unix")));
	assert_false(cidr_set_has(&set, SPAN("127.0.0.1")));
	assert_false(cidr_set_has(&set, SPAN("")));
}

static void
addresses_have_one_form(void **state)
{
	static const char *const forms[][2] = { { "192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" }, { "2001:DB8:0::0001", "2001:db8::1" },
		{ "::", "::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" } };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct cidr_address address;
		char text[CIDR_ADDRESS_ROOM];

		assert_true(cidr_address_read(span_of(forms[i][0]), &address));
		cidr_address_write(&address, text);
		assert_string_equal(text, forms[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_read),
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(a_peer_without_an_address_is_of_no_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

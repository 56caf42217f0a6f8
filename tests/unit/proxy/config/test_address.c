/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/config/address.h"

#define TEN "0123456789"
#define LONG_PATH TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"

static const struct {
	const char *text, *wrong; /* part of the error; NULL: it is an address */
} forms[] = {
	{ "127.0.0.1:8080", NULL },
	{ "0.0.0.0:1", NULL },
	{ "[::]:65535", NULL },
	{ "[2001:db8::1]:80", NULL },
	{ "999.1.1.1:80", "numeric address" },
	{ "1.2.3:80", "numeric address" },
	{ "127.0.0.1", "ADDRESS:PORT" },
	{ "127.0.0.1:", "port of 1..65535" },
	{ "127.0.0.1:0", "port of 1..65535" },
	{ "127.0.0.1:65536", "port of 1..65535" },
	{ "127.0.0.1:000080", "port of 1..65535" },
	{ "127.0.0.1:8443s", "port of 1..65535" },
	{ "127.0.0.1:+80", "port of 1..65535" },
	{ "::1:80", "numeric address" },
	{ "[127.0.0.1]:80", "numeric address" },
	{ "[::1:80", "numeric address" },
	{ "[:80", "numeric address" },
	{ "[]:80", "numeric address" },
	{ "", "ADDRESS:PORT" },
	{ ":", "ADDRESS:PORT" },
	{ "localhost:8080", "write 127.0.0.1:8080" },
	{ ":8080", "write 0.0.0.0:8080" },
	{ "*:8080", "write 0.0.0.0:8080" },
	{ "8080", "write 0.0.0.0:8080" },
	{ "http://127.0.0.1:80", "without a scheme" },
	{ "/run/gate", "of a Unix socket unix:/PATH" },
	{ "unix:/run/gate", NULL },
	{ "unix:/" LONG_PATH, NULL },
	{ "unix:/x" LONG_PATH, "at most 107 bytes" },
	{ "unix:gate", "absolute path" },
	{ "unix:", "absolute path" },
	{ "unix:/run/", "absolute path" },
	{ "unix:127.0.0.1:80", "absolute path" },
	{ "systemd:web", NULL },
	{ "systemd:postern.socket", NULL },
	{ "systemd:", "systemd:NAME" },
	{ "systemd:a:b", "systemd:NAME" },
	{ "systemd:a b", "systemd:NAME" },
	{ "systemd:\xc3\xa9", "systemd:NAME" },
};

static void
an_address_is_numeric_and_has_a_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct address address;
		struct err err = { "" };
		bool good = address_read(forms[i].text, &address, &err);

		if (good != (forms[i].wrong == NULL) ||
		    (!good && strstr(err.text, forms[i].wrong) == NULL))
			fail_msg("\"%s\": got %s", forms[i].text, good ? "an address" : err.text);
	}
}

static const struct {
	const char *a, *b;
	bool clash;
} pairs[] = {
	{ "127.0.0.1:80", "127.0.0.1:80", true },
	{ "127.0.0.1:80", "127.0.0.1:81", false },
	{ "127.0.0.1:80", "127.0.0.2:80", false },
	{ "127.0.0.1:80", "0.0.0.0:80", true },
	{ "[::1]:80", "[::]:80", true },
	{ "[::1]:80", "[0:0::1]:80", true },
	{ "[::]:80", "0.0.0.0:80", false },
	{ "unix:/a", "unix:/a", true },
	{ "unix:/a", "unix:/b", false },
	{ "systemd:a", "systemd:a", true },
	{ "systemd:a", "systemd:b", false },
	{ "systemd:a", "127.0.0.1:80", false },
};

static void
one_address_is_given_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct address a, b;
		struct err err;

		assert_true(address_read(pairs[i].a, &a, &err));
		assert_true(address_read(pairs[i].b, &b, &err));
		if (address_clash(&a, &b) != pairs[i].clash ||
		    address_clash(&b, &a) != pairs[i].clash)
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_numeric_and_has_a_port),
		cmocka_unit_test(one_address_is_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

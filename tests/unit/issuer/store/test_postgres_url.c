/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "issuer/store/postgres_url.h"

#define VERSIONS "must be one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"

static const struct {
	const char *name, *url, *want; /* want: the start of the error; NULL: none */
} cases[] = {
	{ "nothing but the scheme", "postgresql://", NULL },
	{ "everything usual", "postgres://u:p%2Fw@h:5432/x?sslmode=verify-full&connect_timeout=5",
	    NULL },
	{ "the highest port", "postgresql://h:65535/x", NULL },
	{ "a port too high", "postgresql://h:65536/x", "the port must be 1..65535" },
	{ "no port is 0", "postgresql://h:0/x", "the port must be" },
	{ "a password that is not encoded", "postgresql://u:pa/ss@h/x", "the port must be" },
	{ "one port for all hosts", "postgresql:///x?host=a,b&port=1", NULL },
	{ "a port for each host", "postgresql://a:1,b:2/x", NULL },
	{ "an empty port is the usual one", "postgresql://a,b:2/x", NULL },
	{ "three ports for two hosts", "postgresql:///x?host=a,b&port=1,2,3",
	    "there must be one port" },
	{ "two ports for one host", "postgresql:///x?host=a&port=1,2", "there must be one port" },
	{ "an address", "postgresql:///x?hostaddr=::1", NULL },
	{ "an address with its scope", "postgresql:///x?hostaddr=fe80::1%25eth0", NULL },
	{ "no address", "postgresql:///x?hostaddr=h", "hostaddr must be" },
	{ "fewer addresses than hosts", "postgresql://a,b/x?hostaddr=::1",
	    "there must be as many" },
	{ "an empty value is none", "postgresql:///x?sslmode=&keepalives=&hostaddr=", NULL },
	{ "a word", "postgresql:///x?sslmode=Require", "sslmode must be one of disable, allow, " },
	{ "no part of a word", "postgresql:///x?sslmode=verify", "sslmode must be one of" },
	{ "no two words", "postgresql:///x?channel_binding=disable%2C%20prefer",
	    "channel_binding must be one of" },
	{ "a number", "postgresql:///x?keepalives_idle=x",
	    "keepalives_idle must be a whole number" },
	{ "a negative number", "postgresql:///x?connect_timeout=-1", NULL },
	{ "the highest number", "postgresql:///x?connect_timeout=2147483647", NULL },
	{ "a number too high", "postgresql:///x?connect_timeout=2147483648",
	    "connect_timeout must be" },
	{ "a version of TLS", "postgresql:///x?ssl_min_protocol_version=TLSv9",
	    "ssl_min_protocol_version " VERSIONS },
	{ "versions of TLS",
	    "postgresql:///x?ssl_min_protocol_version=TLSv1.3&"
	    "ssl_max_protocol_version=TLSv1.3",
	    NULL },
	{ "versions the wrong way round", "postgresql:///x?ssl_max_protocol_version=TLSv1.1",
	    "ssl_max_protocol_version is below" },
	{ "a service file", "postgresql:///x?service=x", "service cannot be used" },
	{ "an unknown parameter", "postgresql:///x?nope=1", "must be a URL that libpq can read" },
	{ "half a percent sign", "postgresql://u:%zz@h/x", "must be a URL that libpq can read" },
};

static void
each_value_is_one_that_libpq_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { "" };
		bool good = postgres_url_check(cases[i].url, &err);

		if (good != (cases[i].want == NULL) ||
		    (!good && strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0))
			fail_msg("%s: got \"%s\"", cases[i].name, err.text);
		if (strstr(err.text, "pa/ss") != NULL || strstr(err.text, "ss@h") != NULL)
			fail_msg("%s: repeats a secret: %s", cases[i].name, err.text);
	}
}

static void
files_that_are_named_are_read(void **state)
{
	struct err err = { "" };

	(void)state;
	if (!postgres_url_files_fit(
		"postgresql:///x?sslrootcert=system&sslkey=pkcs11:key&sslcert=", &err))
		fail_msg("%s", err.text);
	assert_false(postgres_url_files_fit("postgresql:///x?sslkey=/none", &err));
	assert_string_equal(err.text, "sslkey: /none: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_is_one_that_libpq_takes),
		cmocka_unit_test(files_that_are_named_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hide.h"

static const struct {
	const char *text, *want;
} cases[] = {
	{ "http://h:80/a?b", "http://h:80/a?b" },
	{ "http://u:SECRET@h:80/a", "http://(secret)@h:80/a" },
	{ "http://SECRET@h", "http://(secret)@h" },
	{ "http://u:SE/C@RET@h", "http://(secret)@h" },
	{ "ftp://u:SECRET @h", "ftp://(secret)@h" },
	{ "u:SECRET@h:80", "(secret)@h:80" },
	{ "postgresql://u:SECRET@h/x?password=SECRET&sslmode=require",
	    "postgresql://(secret)@h/x?password=(secret)&sslmode=require" },
	{ "postgresql://h/x?password=SECRET", "postgresql://h/x?password=(secret)" },
	{ "http://h/?api_key=SECRET", "http://h/?api_key=(secret)" },
	{ "host=h password=SECRET", "(secret)" },
	{ "a \"http://u:SECRET@h\" in words", "a \"http://(secret)@h\" in words" },
	{ "http://h:9 password=SECRET", "(secret)" },
	{ "https://h/a;password=SECRET", "(secret)" },
	{ "http://u:SECRET%40h:99999", "(secret)" },
	{ "http://h/a#SECRET", "http://h/a#(secret)" },
	{ "http://u:SE#CRET@h/", "http://(secret)@h/" },
	{ "roles # of a partner", "roles # of a partner" },
	{ "-----BEGIN PRIVATE KEY----- SECRET", "(secret)" },
	{ "eyJhbGciOiJub25lIn0.SECRET.SECRET", "(secret)" },
	{ "Bearer eyJhbGciOiJub25lIn0.SECRET.", "(secret)" },
	{ "//u:SECRET@h/x", "(secret)@h/x" },
	{ "//SECRET@h/x", "(secret)@h/x" },
	{ "//u%3ASECRET@h/x", "(secret)@h/x" },
	{ "/keys?access_token=SECRET", "/keys?access_token=(secret)" },
	{ "did you mean \"a\"? keys.json?t=SECRET", "did you mean \"a\"? keys.json?t=(secret)" },
	{ "https://h/keys?p=b2c_1_login&code=SECRET",
	    "https://h/keys?p=b2c_1_login&code=(secret)" },
	{ "host=h user=u pwd=SECRET", "(secret)" },
	{ "client_secret=SECRET", "(secret)" },
	{ "access_token=SECRET", "(secret)" },
	{ "Bearer SECRET", "Bearer (secret)" },
	{ "basic SECRET", "basic (secret)" },
	{ "/etc/Bearer SECRET: No such file", "/etc/Bearer (secret)" },
	{ "\"Bearer SECRET\" is none", "\"Bearer (secret)" },
	{ "must be a bearer token", "must be a bearer token" },
	{ "did you mean \"a\"? or = b", "did you mean \"a\"? or = b" },
	{ "token", "token" },
	{ "a@b.example", "a@b.example" },
	{ "api_user", "api_user" },
	{ "/customer/*", "/customer/*" },
	{ "must be ADDRESS:PORT", "must be ADDRESS:PORT" },
	{ "", "" },
};

static void
a_message_shows_no_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;

		buffer_init(&out, 4096);
		hide_message(span_of(cases[i].text), &out);
		if (!span_is(buffer_span(&out), cases[i].want))
			fail_msg("%s: %.*s", cases[i].text, SPAN_ARG(buffer_span(&out)));
		buffer_done(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_shows_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

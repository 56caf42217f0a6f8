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
	{ "ewogICJhbGciOiAibm9uZSIKfQ.SECRET.SECRET", "(secret)" },
	{ "eyAiYWxnIjogIm5vbmUiIH0.SECRET.SECRET", "(secret)" },
	{ "/etc/eyJhbGciOiJub25lIn0.SECRET.SECRET: No such file", "(secret)" },
	{ "eyJa/eyJhbGciOiJub25lIn0.SECRET.SECRET", "(secret)" },
	{ "eyJhbGciOi Jub25lIn0.SECRET.SECRET", "(secret)" },
	{ "/srv/eYjZjy/keys.json", "/srv/eYjZjy/keys.json" },
	{ "/srv/eyJaZjyTuVwXyz/keys.json", "/srv/eyJaZjyTuVwXyz/keys.json" },
	{ "eyJack.json", "eyJack.json" },
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

/* A sentence that repeats what was written. */
static const struct {
	const char *text, *value, *want;
} sentences[] = {
	{ "token=SECRET: No such file", "token=SECRET", "(secret): No such file" },
	{ "/etc/token=SECRET: No such file", "token=SECRET", "/etc/(secret): No such file" },
	{ "https://h/?code=SECRET: No such file", "https://h/?code=SECRET",
	    "https://h/?code=(secret): No such file" },
	{ "\"Bearer SECRET\" is none", "Bearer SECRET", "\"Bearer (secret)\" is none" },
	{ "a token=SECRET, b token=SECRET, c", "token=SECRET", "a (secret), b (secret), c" },
	{ "token=SECRET", "token=SECRET",
	    "(secret) cannot be used; it is not repeated, since it may be a secret" },
	/* what was not written there is hidden as before, with all that follows */
	{ "password=SECRET: No such file", "keys.json",
	    "(secret) cannot be used; it is not repeated, since it may be a secret" },
	/* a value without a secret does not cut one in two */
	{ "token=aSECRETb: No such file", "a",
	    "(secret) cannot be used; it is not repeated, "
	    "since it may be a secret" },
	{ "keys.json: No such file", "keys.json", "keys.json: No such file" },
	{ "", "x", "" },
	{ "is empty", "", "is empty" },
};

static void
a_sentence_keeps_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		struct span values[] = { span_of("other=x"), span_of(sentences[i].value) };
		struct buffer out;

		buffer_init(&out, 4096);
		buffer_add_text(&out, "before: ");
		hide_sentence(span_of(sentences[i].text), values, 2, &out);
		if (!span_is(span_slice(buffer_span(&out), 8, out.len), sentences[i].want))
			fail_msg("%s: %.*s", sentences[i].text, SPAN_ARG(buffer_span(&out)));
		buffer_done(&out);
	}
}

static void
the_longest_value_is_taken(void **state)
{
	struct span values[] = { SPAN("token=SEC"), SPAN("token=SECRET"),
		SPAN("--x=token=SECRET") };
	struct buffer out;

	(void)state;
	buffer_init(&out, 4096);
	hide_sentence(SPAN("token=SECRET is none"), values, 3, &out);
	assert_true(span_is(buffer_span(&out), "(secret) is none"));
	buffer_done(&out);
	assert_true(hide_needed(SPAN("token=SECRET")));
	assert_false(hide_needed(SPAN("keys.json")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_shows_no_secret),
		cmocka_unit_test(a_sentence_keeps_its_words),
		cmocka_unit_test(the_longest_value_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

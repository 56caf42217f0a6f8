/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

struct row {
	const char *name;
	struct span text;
	bool plain;
};

static const struct row rows[] = {
	{ "nothing is text", { "", 0 }, true },
	{ "ASCII is", { "abc", 3 }, true },
	{ "two bytes are", { "\xc3\xa9", 2 }, true },
	{ "three bytes are", { "\xe2\x82\xac", 3 }, true },
	{ "four bytes are", { "\xf0\x9f\x98\x80", 4 }, true },
	{ "the last code point is", { "\xf4\x8f\xbf\xbf", 4 }, true },
	{ "beyond the last is not", { "\xf4\x90\x80\x80", 4 }, false },
	{ "a lone continuation is not", { "\x80", 1 }, false },
	{ "a cut sequence is not", { "a\xe2\x82", 3 }, false },
	{ "an overlong slash is not", { "\xc0\xaf", 2 }, false },
	{ "an overlong in three is not", { "\xe0\x80\xaf", 3 }, false },
	{ "an overlong in four is not", { "\xf0\x80\x80\xaf", 4 }, false },
	{ "a surrogate is not", { "\xed\xa0\x80", 3 }, false },
	{ "a lead followed by ASCII is not", { "\xc3\x28", 2 }, false },
	{ "a bad third byte is not", { "\xe2\x82\x28", 3 }, false },
	{ "0xff is not", { "\xff", 1 }, false },
	{ "NUL is not", { "a\0b", 3 }, false },
	{ "a newline is not", { "a\nb", 3 }, false },
	{ "DEL is not", { "\x7f", 1 }, false },
	{ "C1 is not", { "\xc2\x85", 2 }, false },
	{ "U+00A0 is", { "\xc2\xa0", 2 }, true },
};

static void
texts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (utf8_plain(rows[i].text) != rows[i].plain)
			fail_msg("%s", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

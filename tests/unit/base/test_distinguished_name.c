/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/distinguished_name.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static struct arena arena;

static int
make_arena(void **state)
{
	(void)state;
	arena_init(&arena, 1u << 20);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void
one_text_for_every_spelling(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "", "" },
		{ "CN=partner", "CN=partner" },
		{ "cn=partner", "CN=partner" },
		{ "CN=Partner", "CN=Partner" }, /* the case of a value counts */
		{ " CN = partner , O = Big Co ", "CN=partner,O=Big Co" },
		{ "O=Big Co,CN=partner", "O=Big Co,CN=partner" }, /* and the order */
		{ "CN=a+OU=b,O=c", "CN=a+OU=b,O=c" },
		{ "cn=a + ou=b, o=c", "CN=a+OU=b,O=c" },
		{ "emailAddress=a@b.example", "EMAILADDRESS=a@b.example" },
		{ "1.2.840.113549.1.9.1=a@b", "1.2.840.113549.1.9.1=a@b" },
		{ "x-1=a", "X-1=a" },
		{ "CN=", "CN=" },
		{ "CN=,O=", "CN=,O=" },
		{ "CN=a b  c", "CN=a b  c" },
		{ "CN=a=b", "CN=a=b" },
		{ "CN=a\\=b", "CN=a=b" },
		{ "CN=a#b", "CN=a#b" },
		{ "CN=\\#a", "CN=\\#a" },
		{ "CN=a\\#b", "CN=a#b" },
		{ "CN=\\ a\\ ", "CN=\\ a\\ " },
		{ "CN=\\20a\\20", "CN=\\ a\\ " },
		{ "CN=\\ ", "CN=\\ " },
		{ "CN=\\  ", "CN=\\ " },
		{ "CN=a\\ b", "CN=a b" },
		{ "CN=a\\,O\\=b", "CN=a\\,O=b" },
		{ "CN=a\\2cO=b", "CN=a\\,O=b" },
		{ "CN=\\\"\\+\\,\\;\\<\\>\\\\", "CN=\\\"\\+\\,\\;\\<\\>\\\\" },
		{ "CN=\\22\\2B\\2c\\3b\\3C\\3e\\5c", "CN=\\\"\\+\\,\\;\\<\\>\\\\" },
		{ "CN=\\61", "CN=a" },
		{ "CN=Jos\xc3\xa9", "CN=Jos\\C3\\A9" },
		{ "CN=Jos\\c3\\A9", "CN=Jos\\C3\\A9" },
		{ "CN=Jos\xc3\\A9", "CN=Jos\\C3\\A9" },
		{ "CN=Jose\xcc\x81", "CN=Jose\\CC\\81" }, /* nothing is normalised */
		{ "CN=\\00", "CN=\\00" },
		{ "CN=a\\0D\\0AX-Roles: b", "CN=a\\0D\\0AX-Roles: b" },
		{ "CN=a\r\nX-Roles: b", "CN=a\\0D\\0AX-Roles: b" },
		{ "CN=\\7f\x7f\t", "CN=\\7F\\7F\\09" },
		{ "1.3.6.1=#04024869", "1.3.6.1=#04024869" },
		{ "1.3.6.1=#0c03fFa9Ab , CN=x", "1.3.6.1=#0C03FFA9AB,CN=x" },
	};
	struct err err = { "" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct span name = { 0 };

		if (!distinguished_name_read(span_of(cases[i].text), &arena, &name, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (name.at == NULL || strlen(name.at) != name.len ||
		    strcmp(name.at, cases[i].name) != 0)
			fail_msg("%s: got %s", cases[i].text, name.at);
	}
}

static void
what_it_writes_it_reads_alike(void **state)
{
	struct err err = { "" };

	(void)state;
	for (unsigned first = 0; first < 0x80; first++) {
		char text[16] = "CN=\\00\\00,O=x";
		static const char digits[] = "0123456789abcdef";
		struct span once = { 0 }, again = { 0 };

		text[4] = digits[first / 16];
		text[5] = digits[first % 16];
		assert_true(distinguished_name_read(span_of(text), &arena, &once, &err));
		assert_true(distinguished_name_read(once, &arena, &again, &err));
		assert_string_equal(once.at, again.at);
		for (size_t i = 0; i < once.len; i++)
			assert_true(once.at[i] >= ' ' && once.at[i] <= '~');
	}
}

static void
anything_else_is_refused(void **state)
{
	static const struct {
		struct span text;
		const char *why;
	} cases[] = {
		{ SPAN("partner"), "character 8: \"=\"" },
		{ SPAN("=x"), "character 1: an attribute type" },
		{ SPAN(" "), "character 2: an attribute type" },
		{ SPAN("CN=x,"), "character 6: an attribute type" },
		{ SPAN("CN=x,,O=y"), "character 6: an attribute type" },
		{ SPAN("CN=x+"), "character 6: an attribute type" },
		{ SPAN(",CN=x"), "character 1: an attribute type" },
		{ SPAN("CN=x/O=y,"), "character 10" },
		{ SPAN("/CN=x"), "character 1: an attribute type" },
		{ SPAN("-cn=x"), "character 1: an attribute type" },
		{ SPAN("C N=x"), "character 3: \"=\"" },
		{ SPAN("C_N=x"), "character 2: \"=\"" },
		{ SPAN("C\xc3\x91=x"), "character 2: \"=\"" },
		{ SPAN("2.=x"), "character 3: a number" },
		{ SPAN("2..5=x"), "character 3: a number" },
		{ SPAN("2.a=x"), "character 3: a number" },
		{ SPAN("CN=x;O=y"), "character 5: must be escaped" },
		{ SPAN("CN=\"x\""), "character 4: must be escaped" },
		{ SPAN("CN=a<b"), "character 5: must be escaped" },
		{ SPAN("CN=a>b"), "character 5: must be escaped" },
		{ SPAN("CN=a\0b"), "character 5: must be escaped" },
		{ SPAN("CN\0=b"), "character 3: \"=\"" },
		{ SPAN("CN=a\\"), "character 6: is no escape" },
		{ SPAN("CN=a\\b"), "character 6: is no escape" },
		{ SPAN("CN=a\\4"), "character 6: is no escape" },
		{ SPAN("CN=a\\4g"), "character 6: is no escape" },
		{ SPAN("CN=a\\\0"), "character 6: is no escape" },
		{ SPAN("CN=#"), "character 5: pairs" },
		{ SPAN("CN=#0"), "character 5: pairs" },
		{ SPAN("CN=#0g"), "character 5: pairs" },
		{ SPAN("CN=#041"), "character 7: \",\"" },
		{ SPAN("CN=#04 04"), "character 8: \",\"" },
		{ SPAN("CN=\xff"), "is not UTF-8" },
		{ SPAN("CN=\\FF"), "is not UTF-8" },
		{ SPAN("CN=\\C0\\AF"), "is not UTF-8" },
		{ SPAN("CN=\\C3,O=\\A9"), "is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err = { "" };
		struct span name = { 0 };

		if (distinguished_name_read(cases[i].text, &arena, &name, &err))
			fail_msg("%s: got %s", cases[i].text.at, name.at);
		if (strstr(err.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text.at, err.text);
		assert_null(name.at);
	}
}

/* Of `count` bytes in all, each written as `written` bytes. */
static bool
reads(char fill, size_t count, struct err *reterr)
{
	static char text[DISTINGUISHED_NAME_MAX + 2];
	struct span name;

	memset(text, fill, sizeof(text));
	memcpy(text, "CN=", 3);
	return distinguished_name_read((struct span){ text, count }, &arena, &name, reterr);
}

static void
its_length_has_a_limit(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_true(reads('x', DISTINGUISHED_NAME_MAX, &err));
	assert_false(reads('x', DISTINGUISHED_NAME_MAX + 1, &err));
	assert_non_null(strstr(err.text, "longer than 4096"));
	assert_true(reads('\n', DISTINGUISHED_NAME_MAX / 3, &err));
	assert_false(reads('\n', DISTINGUISHED_NAME_MAX / 2, &err));
	assert_non_null(strstr(err.text, "longer than 4096"));
}

static void
without_memory_there_is_no_name(void **state)
{
	struct arena small;
	struct span name;
	struct err err = { "" };

	(void)state;
	arena_init(&small, 0);
	assert_false(distinguished_name_read(SPAN("CN=x"), &small, &name, &err));
	assert_true(err_is_memory(&err));
	arena_done(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_text_for_every_spelling),
		cmocka_unit_test(what_it_writes_it_reads_alike),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(its_length_has_a_limit),
		cmocka_unit_test(without_memory_there_is_no_name),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

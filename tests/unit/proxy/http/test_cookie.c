/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/cookie.h"

struct cookie_case {
	const char *name, *lines; /* `t` is looked for */
	size_t count;
	const char *value;
};

static const struct cookie_case cases[] = {
	{ "no header", "Host: h\n", 0, "" },
	{ "the only one", "Cookie: t=a.b.c\n", 1, "a.b.c" },
	{ "the first", "Cookie: t=a; u=b\n", 1, "a" },
	{ "in the middle", "Cookie: r=1; t=a; u=b\n", 1, "a" },
	{ "the last", "Cookie: u=b; t=a\n", 1, "a" },
	{ "a header in lower case", "cookie: t=a\n", 1, "a" },
	{ "names have case", "Cookie: T=a\n", 0, "" },
	{ "the beginning of a name is another name", "Cookie: tt=a; t2=b\n", 0, "" },
	{ "without = it is no cookie", "Cookie: t\n", 0, "" },
	{ "an empty one is one", "Cookie: t=\n", 1, "" },
	{ "blanks around it are not its own", "Cookie:  t = a ;u=b\n", 1, "a" },
	{ "no blank between two", "Cookie: u=b;t=a\n", 1, "a" },
	{ "a value may hold =", "Cookie: t=a=b\n", 1, "a=b" },
	{ "quotes belong to the value", "Cookie: t=\"a\"\n", 1, "\"a\"" },
	{ "quotes hide nothing", "Cookie: u=\"; t=a; v=\"\n", 1, "a" },
	{ "twice in a header", "Cookie: t=a; t=b\n", 2, "b" },
	{ "twice in two headers", "Cookie: t=a\ncookie: t=b\n", 2, "b" },
	{ "a comma parts nothing", "Cookie: u=1, t=a\n", 0, "" },
	{ "another header is not looked at", "Set-Cookie: t=a\nX-Cookie: t=a\n", 0, "" },
};

static void
a_cookie_is_found_by_its_name(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span value = SPAN("");
		struct request request;
		size_t count;

		head_read(&request, "GET", cases[i].lines);
		count = cookie_find(&request, SPAN("t"), &value);
		if (count != cases[i].count || !span_is(value, cases[i].value)) {
			print_error(
			    "%s: got %zu, \"%.*s\"\n", cases[i].name, count, SPAN_ARG(value));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
the_others_stay_byte_for_byte(void **state)
{
	static const struct {
		const char *value, *others;
	} rows[] = {
		{ "t=a", "" },
		{ " t=a ", "" },
		{ "t=a;", "" },
		{ "t=a; t=b", "" },
		{ "t=a; u=b", "u=b" },
		{ "u=b; t=a", "u=b" },
		{ "r=1; t=a; u=b", "r=1; u=b" },
		{ "r=1;t=a;u=b", "r=1;u=b" },
		{ "r=\"1\" ;  odd;t=a;\tu=%3D,b; ", "r=\"1\" ;  odd;\tu=%3D,b; " },
		{ "t=a; t2=b; T=c; t", "t2=b; T=c; t" },
		{ "t=a; r=1; t=b; u=2; t=c", "r=1; u=2" },
		{ "s=a; r=1; t=b; ss=2; s=c", "r=1; ss=2" },
		{ "s=a; t=b", "" },
	};

	static const char *two[] = { "t", "s" };
	static const struct texts names = { two, 2, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer others;

		buffer_init(&others, 1000);
		buffer_add_text(&others, ">");
		cookie_add_others(span_of(rows[i].value), &names, &others);
		assert_int_equal(others.at[0], '>');
		assert_string_equal(others.at + 1, rows[i].others);
		buffer_done(&others);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_found_by_its_name),
		cmocka_unit_test(the_others_stay_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

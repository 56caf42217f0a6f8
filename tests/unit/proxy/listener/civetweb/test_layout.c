/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's parser in the large is tried by the self-test at each start; here the gaps are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/listener/civetweb/layout.h"

/* A buffer as the engine leaves it: texts with NULs between, told by where each starts. */
struct layout_case {
	const char *name;
	const char *bytes; /* "|" stands for NUL */
	int method, uri, query, version;
	int names[3], values[3];
	int count;
	bool good;
};

static const struct layout_case cases[] = {
	{ "canonical", ".GET|/a|HTTP/1.1||Host|h||\r|", 1, 5, -1, 13, { 18 }, { 23 }, 1, true },
	{ "a space before a value", ".GET|/a|HTTP/1.1||Host| h||\r|", 1, 5, -1, 13, { 18 }, { 24 },
	    1, true },
	{ "a query", ".GET|/a|b|HTTP/1.1||Host|h||\r|", 1, 5, 8, 15, { 20 }, { 25 }, 1, true },
	{ "no headers", ".GET|/a|HTTP/1.0||\r|", 1, 5, -1, 13, { 0 }, { 0 }, 0, true },
	{ "white space first", " GET|/a|HTTP/1.1||Host|h||\r|", 1, 5, -1, 13, { 18 }, { 23 }, 1,
	    false },
	{ "a line feed first", "\nGET|/a|HTTP/1.1||Host|h||\r|", 1, 5, -1, 13, { 18 }, { 23 }, 1,
	    false },
	{ "two spaces after the method", ".GET||/a|HTTP/1.1||Host|h||\r|", 1, 6, -1, 14, { 19 },
	    { 24 }, 1, false },
	{ "two spaces after the target", ".GET|/a||HTTP/1.1||Host|h||\r|", 1, 5, -1, 14, { 19 },
	    { 24 }, 1, false },
	{ "a space before the colon", ".GET|/a|HTTP/1.1||Host||h||\r|", 1, 5, -1, 13, { 18 },
	    { 24 }, 1, false },
	{ "one NUL is a bare line feed", ".GET|/a|HTTP/1.1||Host|h|A|b||\r|", 1, 5, -1, 13,
	    { 18, 25 }, { 23, 27 }, 2, false },
	{ "a hidden line", ".GET|/a|HTTP/1.1||Host|h||X: 1\r\n\r|", 1, 5, -1, 13, { 18 }, { 23 }, 1,
	    false },
};

struct texts_of {
	const char *bytes;
	const struct layout_case *one;
};

static const char *
name_at(const void *headers, size_t index)
{
	const struct texts_of *texts = headers;

	return texts->bytes + texts->one->names[index];
}

static const char *
value_at(const void *headers, size_t index)
{
	const struct texts_of *texts = headers;

	return texts->bytes + texts->one->values[index];
}

static void
gaps_are_measured(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct layout_case *one = &cases[i];
		char bytes[256] = "";
		struct texts_of texts = { bytes, one };
		struct layout layout = { .name = name_at, .value = value_at, .headers = &texts };
		size_t len = strlen(one->bytes), head = 0;
		const char *told;

		memcpy(bytes, one->bytes, len);
		for (size_t k = 0; k < len; k++)
			if (bytes[k] == '|')
				bytes[k] = '\0';
		layout.method = bytes + one->method;
		layout.uri = bytes + one->uri;
		layout.query = one->query < 0 ? NULL : bytes + one->query;
		layout.version = bytes + one->version;
		layout.header_count = (size_t)one->count;
		layout.held = len - 1;
		told = layout_check(&layout, &head);
		if ((told == NULL) != one->good || (one->good && head != len - 1)) {
			print_error(
			    "%s: %s, %zu bytes\n", one->name, told == NULL ? "good" : told, head);
			wrong++;
		}
		layout.held = len - 2;
		if (one->good && layout_check(&layout, &head) == NULL) {
			print_error("%s: longer than what was received\n", one->name);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/listener/civetweb/line_ends.h"

static const struct head {
	const char *bytes;
	bool wrong, ended;
} heads[] = {
	{ "GET / HTTP/1.1\r\nHost: h\r\n\r\n", false, true },
	{ "GET / HTTP/1.1\r\n\r\n", false, true },
	{ "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody\rof\nany kind", false, true },
	{ "GET / HTTP/1.1\r\nHost: h\r\n", false, false },
	{ "GET / HTTP/1.1\r Host: h\r\n\r\n", true, true },
	{ "GET / HTTP/1.1\r\r\n\nHost: h\r\n\r\n", true, true },
	{ "GET / HTTP/1.1\nHost: h\r\n\r\n", true, true },
	{ "GET / HTTP/1.1\r\nHost: h\n\r\n", true, false },
	{ "GET / HTTP/1.1\r\nHost: h\r\n\n", true, false },
	{ "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", true, true },
	{ "\n\r\n", true, false },
};

static void
a_line_ends_with_crlf_however_it_arrives(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct span head = span_of(heads[i].bytes);

		for (size_t cut = 0; cut <= head.len; cut++) {
			struct line_ends ends = { .empty = true };

			line_ends_follow(&ends, span_slice(head, 0, cut));
			line_ends_follow(&ends, span_slice(head, cut, head.len));
			if (ends.wrong != heads[i].wrong || ends.ended != heads[i].ended) {
				print_error("head %zu cut at %zu\n", i, cut);
				failed++;
			}
		}
	}
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_ends_with_crlf_however_it_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

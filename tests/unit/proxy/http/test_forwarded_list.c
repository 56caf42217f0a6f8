/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/forwarded_list.h"

/* Entries from the last one on, in brackets; "?" is one that cannot be told from others. */
static const struct {
	const char *lines, *entries;
} lists[] = {
	{ "", "" },
	{ "Y: a\n", "" },
	{ "X: a\n", "(a)" },
	{ "X: a, b ,c\n", "(c)(b)(a)" },
	{ "x: a\nX: b, c\n", "(c)(b)(a)" },
	{ "X: a\nY: no\nX: b\n", "(b)(a)" },
	{ "X:\n", "()" },
	{ "X: a\nX:\n", "()(a)" },
	{ "X: a,\n", "()(a)" },
	{ "X: ,\n", "()()" },
	{ "X: \"a, b\", c\n", "(c)(\"a, b\")" },
	{ "X: \"a\\\", b\", c\n", "(c)(\"a\\\", b\")" },
	{ "X: \"a\\\\\", b\n", "(b)(\"a\\\\\")" },
	{ "X: a\\\", b\"\n", "(a\\\", b\")" },
	{ "X: a, \"\n", "?" },
	{ "X: \"\\\n", "?" },
	{ "X: \"\nX: b\n", "(b)?" },
};

/* The same of a request's header X. */
static void
write_entries(const struct request *request, char got[256])
{
	struct forwarded_list list = forwarded_list_of(request, "X");
	struct span entry;
	size_t len = 0;

	got[0] = '\0';
	while (len < 200 && forwarded_list_back(&list, &entry)) {
		if (entry.at == NULL) {
			(void)snprintf(got + len, 256 - len, "?");
			return;
		}
		len += (size_t)snprintf(got + len, 256 - len, "(%.*s)", SPAN_ARG(entry));
	}
}

static void
lists_are_read_from_their_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct request request;
		char got[256];

		head_read(&request, "GET", lists[i].lines);
		write_entries(&request, got);
		if (strcmp(got, lists[i].entries) != 0)
			fail_msg("%s: got %s", lists[i].lines, got);
	}
}

/* node NULL: the element cannot be read; "": it does not say. */
static const struct {
	const char *text, *node, *proto, *host;
} elements[] = {
	{ "for=192.0.2.1", "192.0.2.1", "", "" },
	{ "For=\"[2001:db8::1]:80\";PROTO=https;host=\"a:443\"", "[2001:db8::1]:80", "https",
	    "a:443" },
	{ "by=_x; proto=http ;for=_y", "_y", "http", "" },
	{ "proto=http;ext=\"a;b,c\\\"\"", "", "http", "" },
	{ ";for=a;", "a", "", "" },
	{ "", NULL, "", "" },
	{ "for", NULL, "", "" },
	{ "for=", NULL, "", "" },
	{ "for=1.2.3.4:80", NULL, "", "" },
	{ "for=[::1]", NULL, "", "" },
	{ "for =a", NULL, "", "" },
	{ "for= a", NULL, "", "" },
	{ "=a", NULL, "", "" },
	{ "for=a;for=b", NULL, "", "" },
	{ "for=a;FOR=a", NULL, "", "" },
	{ "proto=http;for=a;proto=https", NULL, "", "" },
	{ "for=\"a\"b", NULL, "", "" },
	{ "for=\"a\"\"b\"", NULL, "", "" },
	{ "for=\"a\\b\"", NULL, "", "" },
	{ "for=\"a", NULL, "", "" },
	{ "for=a;x=\"", NULL, "", "" },
	{ "192.0.2.1", NULL, "", "" },
};

static void
what_an_element_says_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		struct forwarded_element element;
		bool read = forwarded_element_read(span_of(elements[i].text), &element);

		if (read != (elements[i].node != NULL))
			fail_msg("%s: %d", elements[i].text, read);
		if (read && (!span_is(element.node, elements[i].node) ||
				!span_is(element.proto, elements[i].proto) ||
				!span_is(element.host, elements[i].host)))
			fail_msg("%s: for=%.*s", elements[i].text, SPAN_ARG(element.node));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_from_their_end),
		cmocka_unit_test(what_an_element_says_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

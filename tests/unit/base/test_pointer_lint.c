/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pointer_lint.h"

/* want  a part of what is said; NULL: nothing is. */
static const struct {
	const char *told, *pointer;
	enum pointer_use use;
	const char *want;
} cases[] = {
	{ "a plain name", "/sub", POINTER_OF_ONE, NULL },
	{ "the whole", "", POINTER_OF_ONE, NULL },
	{ "a member", "/realm_access/roles", POINTER_OF_LISTS, NULL },
	{ "a domain is a name", "/kubernetes.io/namespace", POINTER_OF_ONE, NULL },
	{ "so is one of our own", "/roles.corp.example", POINTER_OF_ONE, NULL },
	{ "a URL as a name, escaped", "/https:~1~1x.example~1roles", POINTER_OF_ONE, NULL },
	{ "a URL as a name, not escaped", "/https://x/roles", POINTER_OF_ONE,
	    "\"/https:~1~1x~1roles\"" },
	{ "http, too", "/http://x", POINTER_OF_LISTS, "\"/http:~1~1x\"" },
	{ "a dot goes nowhere", "/a.b", POINTER_OF_ONE, "write \"/a/b\"" },
	{ "deep in it", "/x/a.b/c", POINTER_OF_LISTS, "write \"/x/a/b/c\"" },
	{ "Keycloak as others write it", "/realm_access.roles", POINTER_OF_LISTS,
	    "\"/realm_access/roles\"" },
	{ "an entry of a list, where there are lists", "/roles/*/name", POINTER_OF_LISTS, NULL },
	{ "an entry of a list, where there are none", "/roles/*/name", POINTER_OF_ONE,
	    "can never match" },
	{ "a URL before a list's entries", "/http://x/roles/*/name", POINTER_OF_LISTS,
	    "\"/http:~1~1x~1roles/*/name\"" },
	{ "a star where one value is meant", "/roles/*", POINTER_OF_ONE, "a single value here" },
	{ "a star in a grant", "/roles/*", POINTER_OF_GRANT, "write \"role\" or \"group\" here" },
	{ "a client of Keycloak's", "/resource_access/my.client/roles", POINTER_OF_LISTS, NULL },
	{ "a dot elsewhere below", "/resource_access/x/my.roles", POINTER_OF_LISTS,
	    "write \"/resource_access/x/my/roles\"" },
	{ "a slash at the end", "/roles/", POINTER_OF_LISTS, "name is empty; write \"/roles\"" },
	{ "two slashes", "/a//b", POINTER_OF_ONE, "write \"/a/b\"" },
	{ "a slash alone", "/", POINTER_OF_ONE, "behind the \"/\": \"/sub\"" },
	{ "JSONPath", "/roles[*]", POINTER_OF_LISTS,
	    "a claim named \"roles[*]\"; write \"/roles\"" },
	{ "JSONPath, deeper", "/roles[*]/name", POINTER_OF_LISTS, "write \"/roles/*/name\"" },
	{ "a star in a name", "/a*", POINTER_OF_ONE, NULL },
};

static void
what_can_hardly_be_meant_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char room[POINTER_LINT_ROOM];
		const char *got = pointer_lint(span_of(cases[i].pointer), cases[i].use, room);

		if ((got == NULL) != (cases[i].want == NULL) ||
		    (got != NULL && strstr(got, cases[i].want) == NULL))
			fail_msg("%s: %s", cases[i].told, got == NULL ? "nothing" : got);
	}
}

static void
a_long_one_is_cut_nowhere(void **state)
{
	char pointer[POINTER_LINT_ROOM * 2], room[POINTER_LINT_ROOM];
	size_t len;

	(void)state;
	for (len = 1; len + 1 < sizeof(pointer); len++) {
		memset(pointer, '/', len);
		memcpy(pointer, "/https://", len < 9 ? len : 9);
		(void)pointer_lint((struct span){ pointer, len }, POINTER_OF_ONE, room);
		memset(pointer, '.', len);
		pointer[0] = '/';
		(void)pointer_lint((struct span){ pointer, len }, POINTER_OF_ONE, room);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_hardly_be_meant_is_said),
		cmocka_unit_test(a_long_one_is_cut_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

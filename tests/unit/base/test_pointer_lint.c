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
	bool lists;
	const char *want;
} cases[] = {
	{ "a plain name", "/sub", false, NULL },
	{ "the whole", "", false, NULL },
	{ "a member", "/realm_access/roles", true, NULL },
	{ "a domain is a name", "/kubernetes.io/namespace", false, NULL },
	{ "so is one of our own", "/roles.corp.example", false, NULL },
	{ "a URL as a name, escaped", "/https:~1~1x.example~1roles", false, NULL },
	{ "a URL as a name, not escaped", "/https://x/roles", false, "\"/https:~1~1x~1roles\"" },
	{ "http, too", "/http://x", true, "\"/http:~1~1x\"" },
	{ "a dot goes nowhere", "/a.b", false, "write \"/a/b\"" },
	{ "deep in it", "/x/a.b/c", true, "write \"/x/a/b/c\"" },
	{ "Keycloak as others write it", "/realm_access.roles", true, "\"/realm_access/roles\"" },
	{ "an entry of a list, where there are lists", "/roles/*/name", true, NULL },
	{ "an entry of a list, where there are none", "/roles/*/name", false, "can never match" },
	{ "a star in a name", "/a*", false, NULL },
};

static void
what_can_hardly_be_meant_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char room[POINTER_LINT_ROOM];
		const char *got = pointer_lint(span_of(cases[i].pointer), cases[i].lists, room);

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
		(void)pointer_lint((struct span){ pointer, len }, false, room);
		memset(pointer, '.', len);
		pointer[0] = '/';
		(void)pointer_lint((struct span){ pointer, len }, false, room);
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

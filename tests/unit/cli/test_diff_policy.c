/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "cli/diff_policy.h"

static const struct {
	const char *name, *old, *new, *differences;
} cases[] = {
	{ "nothing", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}", "[]" },
	{ "the order of a list", "{\"roles\":[\"a\",\"b\"]}", "{\"roles\":[\"b\",\"a\"]}", "[]" },
	{ "but not its members", "{\"roles\":[\"a\",\"a\"]}", "{\"roles\":[\"b\",\"a\"]}",
	    "[{\"at\":\"/roles\",\"old\":[\"a\",\"a\"],\"new\":[\"b\",\"a\"]}]" },
	{ "a key that goes, and one that comes", "{\"x\":{\"a\":1}}", "{\"x\":{\"b\":2}}",
	    "[{\"at\":\"/x/a\",\"old\":1},{\"at\":\"/x/b\",\"new\":2}]" },
	{ "a name that needs escapes", "{\"/a~\":1}", "{\"/a~\":2}",
	    "[{\"at\":\"/~1a~0\",\"old\":1,\"new\":2}]" },
	{ "another type", "{\"a\":{}}", "{\"a\":[]}", "[{\"at\":\"/a\",\"old\":{},\"new\":[]}]" },
};

static void
differences_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *old = json_loads(cases[i].old, 0, NULL);
		json_t *new = json_loads(cases[i].new, 0, NULL);
		json_t *want = json_loads(cases[i].differences, 0, NULL);
		json_t *got = diff_policy(old, new);

		if (want == NULL || got == NULL || !json_equal(want, got))
			fail_msg("%s", cases[i].name);
		json_decref(old);
		json_decref(new);
		json_decref(want);
		json_decref(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a YAML value is as JSON. */
#include "said.h"

#include "cli/node_json.h"

/* `yaml` as JSON, with its members in order. */
static void
expect(const char *yaml, const char *want)
{
	struct mistakes mistakes = { 0 };
	struct node *root = NULL;
	struct arena arena;
	json_t *value;
	char *text;

	arena_init(&arena, 1u << 20);
	mistakes.arena = &arena;
	assert_true(document_parse(span_of(yaml), "x", &mistakes, &root));
	assert_non_null(root);
	value = node_json(root);
	assert_non_null(value);
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, want);
	free(text);
	json_decref(value);
	arena_done(&arena);
}

static void
scalars(void **state)
{
	(void)state;
	expect("{a: 5, b: \"5\", c: '5', d: -1.5, e: 05, f: 5x}",
	    "{\"a\":5,\"b\":\"5\",\"c\":\"5\",\"d\":-1.5,\"e\":\"05\",\"f\":\"5x\"}");
	expect("{a: true, b: null, c: yes, d: 'true', e: '', f: True}",
	    "{\"a\":true,\"b\":null,\"c\":\"yes\",\"d\":\"true\",\"e\":\"\",\"f\":\"True\"}");
	expect("{a: \"{}\", b: \"[1]\"}", "{\"a\":\"{}\",\"b\":\"[1]\"}");
}

static void
maps_and_lists(void **state)
{
	(void)state;
	expect("a:\n  - b: [1, x]\n  - []\n  - {}\n", "{\"a\":[{\"b\":[1,\"x\"]},[],{}]}");
	expect("[a, [b]]", "[\"a\",[\"b\"]]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),
		cmocka_unit_test(maps_and_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

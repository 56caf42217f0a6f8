/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the text, YAML reads it as that text and nothing more. */
#include "said.h"

#include "base/document.h"
#include "cli/yaml_text.h"

static const struct {
	const char *text, *yaml;
} cases[] = {
	{ "api://default", "api://default" },
	{ "https://example.okta.com/oauth2/default", "https://example.okta.com/oauth2/default" },
	{ "unix:/run/api.sock", "unix:/run/api.sock" },
	{ "a@b.example", "a@b.example" },
	{ "", "\"\"" },
	{ "true", "\"true\"" },
	{ "No", "\"No\"" },
	{ "null", "\"null\"" },
	{ "5", "\"5\"" },
	{ "127.0.0.1:80", "\"127.0.0.1:80\"" },
	{ "~", "\"~\"" },
	{ "a b", "\"a b\"" },
	{ "a:", "\"a:\"" },
	{ "a: b", "\"a: b\"" },
	{ "a #b", "\"a #b\"" },
	{ "#", "\"#\"" },
	{ "*a", "\"*a\"" },
	{ "&a", "\"&a\"" },
	{ "!!str", "\"!!str\"" },
	{ "a, b], c", "\"a, b], c\"" },
	{ "a}", "\"a}\"" },
	{ "- a", "\"- a\"" },
	{ "\"", "\"\\\"\"" },
	{ "'", "\"'\"" },
	{ "\\", "\"\\\\\"" },
	{ "a\nadmin: {address: 0.0.0.0:1}", "\"a\\U0000000aadmin: {address: 0.0.0.0:1}\"" },
	{ "a\r", "\"a\\U0000000d\"" },
	{ "\xc3\xa4", "\"\\U000000e4\"" },
	{ "\xe2\x80\xa8", "\"\\U00002028\"" },
	{ "\xf0\x9f\x98\x80", "\"\\U0001f600\"" },
	{ "\xff", "\"\\U0000fffd\"" },
};

static void
it_is_written_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;

		buffer_init(&out, 4096);
		yaml_text_add(&out, span_of(cases[i].text));
		if (!span_is(buffer_span(&out), cases[i].yaml))
			fail_msg("%s: %.*s", cases[i].text, SPAN_ARG(buffer_span(&out)));
		buffer_done(&out);
	}
}

/* Read back in a block, in a list and in a map. */
static void
assert_read_back(const char *text, void (*add)(struct buffer *, struct span))
{
	struct mistakes mistakes = { 0 };
	struct node *root = NULL;
	const struct node *node;
	struct arena arena;
	struct buffer out;

	buffer_init(&out, 65536);
	buffer_add_text(&out, "block: ");
	add(&out, span_of(text));
	buffer_add_text(&out, "\nlist: [");
	add(&out, span_of(text));
	buffer_add_text(&out, "]\nmap: {key: ");
	add(&out, span_of(text));
	buffer_add_text(&out, "}\n");
	arena_init(&arena, 1 << 20);
	mistakes.arena = &arena;
	assert_true(document_parse(buffer_span(&out), "text.yaml", &mistakes, &root));
	if (mistakes.errors > 0)
		fail_msg("%s", mistakes.first->text);
	assert_int_equal(root->count, 3);
	node = document_get(root, "block");
	assert_true(node->kind == NODE_SCALAR && span_is(node->text, text));
	node = document_get(root, "list");
	assert_true(node->count == 1 && span_is(node->first->text, text));
	node = document_get(root, "map");
	assert_true(node->count == 1 && span_is(document_get(node, "key")->text, text));
	arena_done(&arena);
	buffer_done(&out);
}

static void
it_is_read_as_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].text, "\xff") == 0)
			continue;
		assert_read_back(cases[i].text, yaml_text_add);
		assert_read_back(cases[i].text, yaml_text_quoted);
	}
}

/* Every two bytes of ASCII beside each other, and between letters. */
static void
every_pair_is_read_as_itself(void **state)
{
	char text[5] = "a..b";

	(void)state;
	for (int a = 1; a < 128; a++)
		for (int b = 1; b < 128; b += a < '0' || a > 'y' ? 1 : 9) {
			text[1] = (char)a;
			text[2] = (char)b;
			assert_read_back(text, yaml_text_add);
			assert_read_back(text + 1, yaml_text_add);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_written_so),
		cmocka_unit_test(it_is_read_as_itself),
		cmocka_unit_test(every_pair_is_read_as_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

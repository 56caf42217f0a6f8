/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/document.h"

static struct arena arena;

static int
start(void **state)
{
	(void)state;
	arena_init(&arena, 8u << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* The lines of all mistakes, each ended by a line feed. */
static const char *
told(const struct mistakes *mistakes)
{
	const char *lines = "";

	for (const struct mistake *one = mistakes->first; one != NULL; one = one->next)
		lines = arena_format(&arena, "%s%s\n", lines, one->text);
	return lines;
}

struct wrong_case {
	const char *name, *text, *want;
};

static const struct wrong_case wrongs[] = {
	{ "an empty document is none", "", "" },
	{ "a comment is none", "# nothing\n", "" },
	{ "a duplicate key is told where it stands, with its whole pointer",
	    "a:\n  b: 1\n  c: 2\n  b: 3\n", "f:4:3: /a/b: duplicate key\n" },
	{ "all duplicates are told", "a: 1\na: 2\nb: {c: 1, c: 2}\n",
	    "f:2:1: /a: duplicate key\nf:3:11: /b/c: duplicate key\n" },
	{ "an anchor is not understood", "a: &x 1\n",
	    "f:1:4: /: anchors and tags are not supported\n" },
	{ "an alias is not understood", "a: [*x]\n",
	    "f:1:5: /: aliases, anchors and tags are not supported\n" },
	{ "a merge key is not understood", "<<: {a: 1}\n",
	    "f:1:1: /<<: merge keys are not supported\n" },
	{ "one document is enough", "a: 1\n---\nb: 2\n", "f:2:1: /: more than one document\n" },
	{ "a key must be a string", "? [a]\n: 1\n", "f:1:3: /: a key must be a string\n" },
	{ "a byte order mark is no part of the first key",
	    "\xef\xbb\xbf"
	    "a: 1\nb: 2\nb: 3\n",
	    "f:3:1: /b: duplicate key\n" },
	{ "nor is it a document", "\xef\xbb\xbf", "" },
	{ "JSON is YAML", "{\"a\": {\"b\": [1, 2]}}", "" },
};

static void
what_is_wrong_is_reported(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct mistakes mistakes = { .arena = &arena };
		struct node *root = NULL;

		assert_true(document_parse(span_of(wrongs[i].text), "f", &mistakes, &root));
		if (strcmp(told(&mistakes), wrongs[i].want) != 0)
			fail_msg("%s:\n%s", wrongs[i].name, told(&mistakes));
	}
}

static void
broken_yaml_is_reported_with_its_place(void **state)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;

	(void)state;
	assert_true(document_parse(span_of("a: [1,\nb: 2\n"), "f", &mistakes, &root));
	assert_null(root);
	assert_int_equal(mistakes.errors, 1);
	assert_non_null(strstr(told(&mistakes), "not YAML: "));
}

static void
nodes_know_their_places(void **state)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;
	const struct node *node;

	(void)state;
	assert_true(document_parse(
	    span_of("a:\n  - x\n  - b/c: \"y\"\n    d~: z\n"), "f", &mistakes, &root));
	node = document_get(root, "a");
	assert_int_equal(node->kind, NODE_LIST);
	assert_int_equal(node->count, 2);
	node = document_get(node->first->next, "b/c");
	assert_string_equal(mistake_pointer(&arena, node), "/a/1/b~1c");
	assert_true(node->quoted);
	assert_int_equal(node->line, 3);
	assert_int_equal(node->column, 10);
	assert_int_equal(node->key_column, 5);
	assert_string_equal(mistake_pointer(&arena, node->next), "/a/1/d~0");
	assert_null(document_get(node, "x"));
	assert_null(document_get(NULL, "x"));
}

static void
mistakes_stand_in_the_order_of_the_file(void **state)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;

	(void)state;
	assert_true(document_parse(span_of("a: one\nb: two\nc: [x]\n"), "f", &mistakes, &root));
	mistake_at(&mistakes, document_get(root, "c"), "is a list");
	mistake_at(&mistakes, document_get(root, "b"), "is \"%s\"", "wrong");
	mistake_by(&mistakes, mistake_place_at_key(document_get(root, "a"), MISTAKE_ROLE_UNUSED),
	    "is odd");
	assert_string_equal(told(&mistakes), "f:1:1: /a: warning: is odd\nf:2:4: /b: is \"wrong\" "
					     "(found \"two\")\nf:3:4: /c: is a list\n");
	assert_int_equal(mistakes.errors, 2);
	assert_int_equal(mistakes.warnings, 1);
	assert_string_equal(mistakes.first->pointer, "/a");
	assert_string_equal(mistakes.first->message, "is odd");
	assert_int_equal(mistakes.first->rule, MISTAKE_ROLE_UNUSED);
	assert_string_equal(mistakes.first->next->message, "is \"wrong\" (found \"two\")");
	assert_int_equal(mistakes.first->next->rule, MISTAKE_VALUE);
}

static void
what_a_value_shows_cannot_break_the_line(void **state)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;

	(void)state;
	assert_true(document_parse(span_of("a: \"x\\ny\\e\"\n\"c\\r\\n\\e\\u009b\": "
					   "\"r\\u00a0\\u202e\\u200b\"\nb: "
					   "0123456789012345678901234567890123456789"
					   "01234567890123456789012345678901234567890\n"),
	    "f", &mistakes, &root));
	mistake_at(&mistakes, document_get(root, "a"), "bad");
	mistake_at(&mistakes, document_get(root, "b"), "long");
	mistake_at(&mistakes, root->first->next, "odd \n");
	assert_string_equal(told(&mistakes),
	    "f:1:4: /a: bad (found \"x\\x0ay\\x1b\")\n"
	    "f:2:18: /c\\x0d\\x0a\\x1b\\u009b: odd \\x0a (found \"r\\u00a0\\u202e\\u200b\")\n"
	    "f:3:4: /b: long (found "
	    "\"012345678901234567890123456789012345678901234567890123456789…\")\n");
}

static void
paths_are_relative_to_their_file(void **state)
{
	struct node node = { .file = "/etc/postern/postern.yaml" }, plain = { .file = "p.yaml" };

	(void)state;
	assert_string_equal(document_path(&arena, &node, "keys.json"), "/etc/postern/keys.json");
	assert_string_equal(document_path(&arena, &node, "/keys.json"), "/keys.json");
	assert_string_equal(document_path(&arena, &plain, "keys.json"), "keys.json");
	assert_null(document_path(&arena, &plain, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_reported),
		cmocka_unit_test(broken_yaml_is_reported_with_its_place),
		cmocka_unit_test(nodes_know_their_places),
		cmocka_unit_test(mistakes_stand_in_the_order_of_the_file),
		cmocka_unit_test(what_a_value_shows_cannot_break_the_line),
		cmocka_unit_test(paths_are_relative_to_their_file),
	};

	return cmocka_run_group_tests(tests, start, end);
}

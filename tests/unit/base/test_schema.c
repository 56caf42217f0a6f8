/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/schema.h"

struct filled {
	const char *text, *url, *pointer, *secret;
	struct texts texts;
	bool flag;
	int64_t count, time_s, time_ms, size;
	int word;
	const struct node *map;
};

static const char *const words[] = { "strip", "keep", NULL };

static const struct field_alias aliases[] = { { "remove", "strip" }, { NULL, NULL } };

#define AT(member) .offset = offsetof(struct filled, member)
static const struct field fields[] = {
	{ .key = "text", .type = FIELD_TEXT, AT(text), .required = true },
	{ .key = "url", .type = FIELD_URL, .url = URL_PATH, AT(url) },
	{ .key = "pointer", .type = FIELD_POINTER, AT(pointer) },
	{ .key = "secret", .type = FIELD_SECRET, AT(secret) },
	{ .key = "texts", .type = FIELD_TEXTS, AT(texts) },
	{ .key = "flag", .type = FIELD_BOOL, AT(flag), .default_value = "true" },
	{ .key = "count", .type = FIELD_COUNT, AT(count), .min = 1, .max = 10 },
	{ .key = "time",
	    .type = FIELD_DURATION_S,
	    AT(time_s),
	    .min = 0,
	    .max = 300,
	    .default_value = "30s" },
	{ .key = "wait", .type = FIELD_DURATION_MS, AT(time_ms) },
	{ .key = "size", .type = FIELD_SIZE, AT(size), .default_value = "16k" },
	{ .key = "word",
	    .type = FIELD_WORD,
	    AT(word),
	    .words = words,
	    .aliases = aliases,
	    .default_value = "keep" },
	{ .key = "map", .type = FIELD_MAP, AT(map) },
	{ 0 },
};

static struct arena arena;

static const char *
read(const char *text, struct filled *filled)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;
	const char *lines = "";

	*filled = (struct filled){ 0 };
	assert_true(document_parse(span_of(text), "f", &mistakes, &root));
	schema_read(root, fields, filled, &mistakes);
	for (const struct mistake *one = mistakes.first; one != NULL; one = one->next)
		lines = arena_format(&arena, "%s%s\n", lines, one->text);
	return lines;
}

static void
defaults_are_filled_in(void **state)
{
	struct filled filled;

	(void)state;
	assert_string_equal(read("text: x\n", &filled), "");
	assert_string_equal(filled.text, "x");
	assert_true(filled.flag);
	assert_int_equal(filled.time_s, 30);
	assert_int_equal(filled.size, 16384);
	assert_int_equal(filled.word, 1);
	assert_null(filled.url);
}

static void
values_are_read(void **state)
{
	struct filled filled;

	(void)state;
	assert_string_equal(
	    read("{text: x, url: 'https://h/a', pointer: /a~1b, secret: s, texts: [a, b], flag: "
		 "false,"
		 " count: 10, time: 5m, wait: 250ms, size: 1m, word: strip, map: {a: 1}}",
		&filled),
	    "");
	assert_string_equal(filled.url, "https://h/a");
	assert_string_equal(filled.pointer, "/a~1b");
	assert_string_equal(filled.secret, "s");
	assert_int_equal(filled.texts.count, 2);
	assert_string_equal(filled.texts.at[1], "b");
	assert_false(filled.flag);
	assert_int_equal(filled.count, 10);
	assert_int_equal(filled.time_s, 300);
	assert_int_equal(filled.time_ms, 250);
	assert_int_equal(filled.size, 1048576);
	assert_int_equal(filled.word, 0);
	assert_non_null(filled.map);
}

struct wrong_case {
	const char *text, *want;
};

static const struct wrong_case wrongs[] = {
	{ "flag: true\n", "f:1:1: /: \"text\" is missing\n" },
	{ "text: x\nword: Remove\n",
	    "f:2:7: /word: must be one of strip, keep; did you mean \"strip\"? (found "
	    "\"Remove\")\n" },
	{ "text: x\ntexst: y\n", "f:2:1: /texst: unknown key; did you mean \"text\"?\n" },
	{ "text: x\nzzzzzz: y\n", "f:2:1: /zzzzzz: unknown key\n" },
	{ "text:\n", "f:1:1: /text: must not be empty\n" },
	{ "text: ~\n", "f:1:1: /text: must not be empty\n" },
	{ "text: [a]\n", "f:1:7: /text: must be a single value\n" },
	{ "text: x\nflag: yes\n", "f:2:7: /flag: must be true or false (found \"yes\")\n" },
	{ "text: x\nflag: \"true\"\n",
	    "f:2:7: /flag: must be true or false, without quotes (found \"true\")\n" },
	{ "text: x\ncount: 0\n", "f:2:8: /count: must be 1..10 (found \"0\")\n" },
	{ "text: x\ncount: -1\n", "f:2:8: /count: must be a whole number (found \"-1\")\n" },
	{ "text: x\ncount: 99999999999999999999\n",
	    "f:2:8: /count: must be a whole number (found \"99999999999999999999\")\n" },
	{ "text: x\ntime: 900s\n", "f:2:7: /time: must be 0s..5m (found \"900s\")\n" },
	{ "text: x\ntime: soon\n",
	    "f:2:7: /time: must be a duration such as 30s, 10m or 24h (found \"soon\")\n" },
	{ "text: x\nsize: 1t\n",
	    "f:2:7: /size: must be a size such as 512, 16k or 1m (found \"1t\")\n" },
	{ "text: x\nword: burn\n", "f:2:7: /word: must be one of strip, keep (found \"burn\")\n" },
	{ "text: x\nmap: 1\n", "f:2:6: /map: must be a map of keys (found \"1\")\n" },
	{ "text: x\npointer: sub\n",
	    "f:2:10: /pointer: must be a JSON Pointer such as /sub (found \"sub\")\n" },
	{ "text: x\ntexts: [a, [b]]\n",
	    "f:2:12: /texts/1: must be a string or a list of strings\n" },
	{ "text: x\nurl: ftp://h\n", "f:2:6: /url: must start with \"http://\" or \"https://\" "
				     "(found \"ftp://h\")\n" },
	{ "text: x\nurl: https://u@h/\n", "f:2:6: /url: must not contain a user or a password "
					  "(found \"https://(secret)@h/\")\n" },
	{ "text: x\nsecret: {env: POSTERN_NO_SUCH_VARIABLE}\n",
	    "f:2:15: /secret/env: this environment variable is not set "
	    "(found \"POSTERN_NO_SUCH_VARIABLE\")\n" },
	{ "text: x\nsecret: {file: no-such-file}\n",
	    "f:2:10: /secret/file: no-such-file: No such file or directory\n" },
	{ "[a]\n", "f:1:1: /: must be a map of keys\n" },
};

static void
every_mistake_is_reported_word_for_word(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct filled filled;
		const char *got = read(wrongs[i].text, &filled);

		if (strcmp(got, wrongs[i].want) != 0) {
			print_error("want %sgot  %s", wrongs[i].want, got);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
a_secret_is_never_shown(void **state)
{
	struct filled filled;

	(void)state;
	assert_null(strstr(read("text: x\nsecret: [hunter2]\n", &filled), "hunter2"));
}

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(every_mistake_is_reported_word_for_word),
		cmocka_unit_test(a_secret_is_never_shown),
	};

	return cmocka_run_group_tests(tests, start, end);
}

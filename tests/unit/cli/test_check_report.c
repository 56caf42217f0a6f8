/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of `check`, whatever is in a file's name, a key or a value. */
#include "said.h"

#include "cli/check_report.h"

static struct mistake odd = { .file = "./a b/\xC3\xA9%.yaml",
	.line = 3,
	.column = 7,
	.pointer = "/x{0}\"",
	.message = "must be {env: NAME} (found \"\\x1b\xFF\")",
	.rule = MISTAKE_UNKNOWN_KEY };

static const char *
made(void (*make)(const struct check_report *, struct buffer *), const struct check_report *report)
{
	static char text[16384];
	struct buffer out;

	buffer_init(&out, sizeof(text) - 1);
	make(report, &out);
	assert_false(out.failed);
	memcpy(text, out.at, out.len + 1);
	buffer_done(&out);
	return text;
}

static void
json_escapes_what_it_repeats(void **state)
{
	struct mistakes mistakes = { .first = &odd, .errors = 1 };
	struct check_report report = { .file = "p\"", .mistakes = &mistakes };

	(void)state;
	assert_string_equal(made(check_report_json, &report),
	    "{\n  \"file\": \"p\\\"\",\n  \"good\": false,\n  \"errors\": 1,\n  \"warnings\": 0,\n"
	    "  \"skipped\": 0,\n  \"findings\": [\n"
	    "    {\"severity\": \"error\", \"rule\": \"unknown-key\", "
	    "\"file\": \"./a b/\xC3\xA9%.yaml\", \"line\": 3, \"column\": 7, "
	    "\"pointer\": \"/x{0}\\\"\", "
	    "\"message\": \"must be {env: NAME} (found \\\"\\\\x1b\xEF\xBF\xBD\\\")\"}\n"
	    "  ]\n}\n");
}

static void
sarif_escapes_braces_and_uris(void **state)
{
	struct mistakes mistakes = { .first = &odd, .errors = 1 };
	struct check_report report = { .file = "p", .mistakes = &mistakes };
	const char *text = made(check_report_sarif, &report);

	(void)state;
	assert_non_null(strstr(text, "\"uri\": \"a%20b/%C3%A9%25.yaml\""));
	assert_non_null(strstr(text, "\"text\": \"/x{{0}}\\\": must be {{env: NAME}} (found"));
	assert_non_null(strstr(text, "\"fullyQualifiedName\": \"/x{0}\\\"\""));
}

static void
without_memory_for_mistakes_there_is_the_trouble(void **state)
{
	struct check_report report = { .file = "/p", .trouble = "out of memory" };

	(void)state;
	assert_non_null(strstr(made(check_report_json, &report), "\"errors\": 1,"));
	assert_non_null(strstr(made(check_report_sarif, &report), "\"uri\": \"file:///p\""));
	assert_non_null(
	    strstr(made(check_report_sarif, &report), "\"executionSuccessful\": false"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_escapes_what_it_repeats),
		cmocka_unit_test(sarif_escapes_braces_and_uris),
		cmocka_unit_test(without_memory_for_mistakes_there_is_the_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

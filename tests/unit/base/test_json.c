/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/json_number.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))
#define MAX 65536

static json_t *
must_read(struct span text)
{
	struct err err = { "" };
	json_t *json = NULL;

	if (!json_read(text, MAX, &json, &err))
		fail_msg("%s", err.text);
	return json;
}

static void
what_rfc_8259_allows_is_read(void **state)
{
	static const struct span texts[] = {
		SPAN("{}"),
		SPAN("[]"),
		SPAN("null"),
		SPAN("true"),
		SPAN("\"\""),
		SPAN("0"),
		SPAN("-0"),
		SPAN(" \t\r\n{\"a\" : [1, 2.5, 1e3, -7]} \n"),
		SPAN("9223372036854775807"),
		SPAN("-9223372036854775808"),
		SPAN("1e308"),
		SPAN("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\""),
		SPAN("\"\\u00e4\\ud83d\\udd11\\/\\\"\\\\\""),
		SPAN("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"),
		SPAN("{\"\":1}"),
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(texts); i++)
		json_decref(must_read(texts[i]));
}

static void
what_is_not_strict_json_is_refused(void **state)
{
	static const struct {
		const char *told;
		struct span text;
		const char *words;
	} cases[] = {
		{ "nothing", { NULL, 0 }, "" },
		{ "only white space", SPAN(" \n"), "" },
		{ "bytes after it", SPAN("{} x"), "unexpected data after the document" },
		{ "two documents", SPAN("{}{}"), "unexpected data after the document" },
		{ "NUL after it", SPAN("{}\0"), "" },
		{ "a byte order mark", SPAN("\xef\xbb\xbf{}"), "" },
		{ "a member twice", SPAN("{\"a\":1,\"a\":1}"), "duplicate member" },
		{ "a member twice, once escaped", SPAN("{\"a\":1,\"\\u0061\":2}"),
		    "duplicate member" },
		{ "a member twice, deep", SPAN("[{\"b\":{\"a\":1,\"a\":2}}]"), "duplicate member" },
		{ "an escaped NUL", SPAN("\"a\\u0000b\""), "NUL" },
		{ "an escaped NUL in a name", SPAN("{\"a\\u0000b\":1}"), "NUL" },
		{ "a NUL byte in a string", SPAN("\"a\0b\""), "" },
		{ "a control byte in a string", SPAN("\"a\nb\""), "" },
		{ "bad UTF-8", SPAN("\"\xff\""), "not UTF-8" },
		{ "an overlong slash", SPAN("\"\xc0\xaf\""), "not UTF-8" },
		{ "a surrogate in UTF-8", SPAN("\"\xed\xa0\x80\""), "not UTF-8" },
		{ "half a surrogate pair", SPAN("\"\\ud83d\""), "" },
		{ "the halves swapped", SPAN("\"\\udd11\\ud83d\""), "" },
		{ "a leading zero of a large number", SPAN("099999999999999999999"), "" },
		{ "a large number without a fraction", SPAN("99999999999999999999."), "" },
		{ "a large number without an exponent", SPAN("[99999999999999999999e+]"), "" },
		{ "two large numbers in one", SPAN("1e400-1e400"), "" },
		{ "a large number with a plus", SPAN("+1e400"), "" },
		{ "a large number as a name", SPAN("{1e400:1}"), "" },
		{ "a large number beside an escaped NUL", SPAN("[1e400,\"\\u0000\"]"), "" },
		{ "a large number beside an escaped NUL in a name", SPAN("{\"\\u0000\":1e400}"),
		    "" },
		{ "a large number twice under one name", SPAN("{\"a\":1e400,\"a\":1}"),
		    "duplicate member" },
		{ "a leading zero", SPAN("01"), "" },
		{ "a plus", SPAN("+1"), "" },
		{ "a point alone", SPAN("1."), "" },
		{ "NaN", SPAN("NaN"), "" },
		{ "Infinity", SPAN("-Infinity"), "" },
		{ "hexadecimal", SPAN("0x10"), "" },
		{ "a trailing comma", SPAN("[1,]"), "" },
		{ "a trailing comma in an object", SPAN("{\"a\":1,}"), "" },
		{ "a comment", SPAN("{/**/}"), "" },
		{ "single quotes", SPAN("{'a':1}"), "" },
		{ "a name without quotes", SPAN("{a:1}"), "" },
		{ "TRUE", SPAN("TRUE"), "" },
		{ "an open list", SPAN("[1"), "ends too early" },
		{ "an open string", SPAN("\"a"), "ends too early" },
		{ "an open escape", SPAN("\"a\\"), "" },
		{ "a wrong bracket", SPAN("[1}"), "" },
		{ "a bracket too many", SPAN("[]]"), "unexpected data after the document" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct err err = { "" };
		json_t *json = NULL;

		if (json_read(cases[i].text, MAX, &json, &err) || json != NULL)
			fail_msg("%s", cases[i].told);
		if (err.text[0] == '\0' || strstr(err.text, cases[i].words) == NULL)
			fail_msg("%s: got %s", cases[i].told, err.text);
	}
}

static void
a_number_that_is_too_large_is_kept_as_text(void **state)
{
	static const char *const numbers[] = { "1e400", "-1E+400", "9223372036854775808",
		"-9223372036854775809", "123456789012345678901234567890", "1.5e309" };

	(void)state;
	for (size_t i = 0; i < CASES_OF(numbers); i++) {
		char text[256];
		json_t *json;

		(void)snprintf(text, sizeof(text),
		    "{\"a\\\\\\\"\":[%s,{\"b\":%s}],\"c\":\"\\\\u0000 1e400\",\"d\":1}", numbers[i],
		    numbers[i]);
		json = must_read(span_of(text));
		assert_true(span_is(json_number_text(json_at(json, SPAN("/a\\\"/0"))), numbers[i]));
		assert_true(
		    span_is(json_number_text(json_at(json, SPAN("/a\\\"/1/b"))), numbers[i]));
		assert_true(span_is(json_text(json_at(json, SPAN("/c"))), "\\u0000 1e400"));
		assert_int_equal(json_integer_value(json_at(json, SPAN("/d"))), 1);
		assert_null(json_text(json_at(json, SPAN("/a\\\"/0"))).at);
		assert_false(json_is_number(json_at(json, SPAN("/a\\\"/0"))));
		assert_null(json_number_text(json_at(json, SPAN("/d"))).at);
		json_decref(json);
		json = must_read(span_of(numbers[i]));
		assert_true(span_is(json_number_text(json), numbers[i]));
		json_decref(json);
	}
}

static bool
reads_depth(size_t depth, char open, char close)
{
	char text[1200];
	struct err err = { "" };
	json_t *json = NULL;
	bool read;

	/* A list in a list; for objects {"a": in front of each. */
	size_t len = 0;
	for (size_t i = 0; i < depth; i++) {
		text[len++] = open;
		if (open == '{' && i + 1 < depth) {
			memcpy(text + len, "\"a\":", 4);
			len += 4;
		}
	}
	for (size_t i = 0; i < depth; i++)
		text[len++] = close;
	read = json_read((struct span){ text, len }, MAX, &json, &err);
	if (!read)
		assert_non_null(strstr(err.text, "levels"));
	json_decref(json);
	return read;
}

static void
depth_is_limited(void **state)
{
	json_t *json;

	(void)state;
	assert_true(reads_depth(JSON_MAX_DEPTH, '[', ']'));
	assert_false(reads_depth(JSON_MAX_DEPTH + 1, '[', ']'));
	assert_true(reads_depth(JSON_MAX_DEPTH, '{', '}'));
	assert_false(reads_depth(JSON_MAX_DEPTH + 1, '{', '}'));

	json = must_read(SPAN("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\", 1]"));
	json_decref(json);
	json = must_read(SPAN("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
			      "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
	json_decref(json);
}

static void *
read_deep(void *text)
{
	struct err err;
	json_t *json = NULL;

	return json_read((struct span){ text, 1000000 }, 1000000, &json, &err) ? text : NULL;
}

static void
a_million_brackets_fit_a_small_stack(void **state)
{
	char *text = malloc(1000000);
	pthread_attr_t attr;
	pthread_t thread;
	void *result = text;

	(void)state;
	assert_non_null(text);
	memset(text, '[', 1000000);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, 100 << 10), 0);
	assert_int_equal(pthread_create(&thread, &attr, read_deep, text), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
	(void)pthread_attr_destroy(&attr);
	free(text);
}

static void
size_is_limited(void **state)
{
	struct err err = { "" };
	json_t *json = NULL;

	(void)state;
	assert_true(json_read(SPAN("[123]"), 5, &json, &err));
	json_decref(json);
	assert_false(json_read(SPAN("[1234]"), 5, &json, &err));
	assert_string_equal(err.text, "JSON of more than 5 bytes");
}

static void
an_error_has_the_place_and_never_the_text(void **state)
{
	struct err err = { "" };
	json_t *json = NULL;

	(void)state;
	assert_false(json_read(SPAN("{\n\"secret\": hunter2}"), MAX, &json, &err));
	assert_non_null(strstr(err.text, "line 2 "));
	assert_null(strstr(err.text, "hunter2"));
	assert_false(json_read(SPAN("{\"hunter2\":1,\"hunter2\":1}"), MAX, &json, &err));
	assert_null(strstr(err.text, "hunter2"));
}

/* RFC 6901 section 5, and what section 4 says of indexes. */
static void
pointers_find_their_values(void **state)
{
	static const struct {
		struct span pointer;
		const char *found; /* as JSON; NULL: nothing */
	} cases[] = {
		{ SPAN("/foo"), "[\"bar\",\"baz\"]" },
		{ SPAN("/foo/0"), "\"bar\"" },
		{ SPAN("/"), "0" },
		{ SPAN("/a~1b"), "1" },
		{ SPAN("/c%d"), "2" },
		{ SPAN("/e^f"), "3" },
		{ SPAN("/g|h"), "4" },
		{ SPAN("/i\\j"), "5" },
		{ SPAN("/k\"l"), "6" },
		{ SPAN("/ "), "7" },
		{ SPAN("/m~0n"), "8" },
		{ SPAN("/~01"), "9" },
		{ SPAN("/~1"), "10" },
		{ SPAN("/o/p/q"), "11" },
		{ SPAN("/0"), "12" },
		{ SPAN("/foo/1"), "\"baz\"" },
		{ SPAN("/foo/2"), NULL },
		{ SPAN("/foo/00"), NULL },
		{ SPAN("/foo/01"), NULL },
		{ SPAN("/foo/-"), NULL },
		{ SPAN("/foo/-1"), NULL },
		{ SPAN("/foo/"), NULL },
		{ SPAN("/foo/1 "), NULL },
		{ SPAN("/foo/18446744073709551616"), NULL },
		{ SPAN("/foo/4294967296"), NULL },
		{ SPAN("/foo/0/x"), NULL },
		{ SPAN("/fo"), NULL },
		{ SPAN("/fooo"), NULL },
		{ SPAN("/Foo"), NULL },
		{ SPAN("foo"), NULL },
		{ SPAN("#/foo"), NULL },
		{ SPAN("/m~n"), NULL },
		{ SPAN("/m~"), NULL },
		{ SPAN("/a~2b"), NULL },
		{ SPAN("/a/b"), NULL },
		{ SPAN("/o//p"), NULL },
		{ SPAN("/o/p/q/r"), NULL },
		{ SPAN("/foo\0"), NULL },
	};
	json_t *root = must_read(
	    SPAN("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
		 "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9,\"/\":10,"
		 "\"o\":{\"p\":{\"q\":11}},\"0\":12}"));

	(void)state;
	assert_ptr_equal(json_at(root, SPAN("")), root);
	assert_ptr_equal(json_at(root, (struct span){ NULL, 0 }), root);
	assert_null(json_at(NULL, SPAN("/foo")));
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		json_t *found = json_at(root, cases[i].pointer);
		char *text =
		    found == NULL ? NULL : json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT);

		if ((text == NULL) != (cases[i].found == NULL) ||
		    (text != NULL && strcmp(text, cases[i].found) != 0))
			fail_msg("%.*s: got %s", SPAN_ARG(cases[i].pointer), text);
		free(text);
	}
	json_decref(root);
}

static void
pointers_are_checked_by_their_grammar(void **state)
{
	(void)state;
	assert_true(json_pointer_valid(SPAN("")));
	assert_true(json_pointer_valid(SPAN("/")));
	assert_true(json_pointer_valid(SPAN("/a/b~0~1")));
	assert_true(json_pointer_valid(SPAN("//")));
	assert_false(json_pointer_valid(SPAN("a")));
	assert_false(json_pointer_valid(SPAN("/~")));
	assert_false(json_pointer_valid(SPAN("/~2")));
	assert_false(json_pointer_valid(SPAN("/a~/b")));
}

static void
only_a_string_has_text(void **state)
{
	json_t *json = must_read(SPAN("[\"a\",\"\",1,null]"));

	(void)state;
	assert_true(span_is(json_text(json_array_get(json, 0)), "a"));
	assert_int_equal(json_text(json_array_get(json, 1)).len, 0);
	assert_non_null(json_text(json_array_get(json, 1)).at);
	assert_null(json_text(json_array_get(json, 2)).at);
	assert_null(json_text(json_array_get(json, 3)).at);
	assert_null(json_text(json).at);
	assert_null(json_text(NULL).at);
	json_decref(json);
}

static void
a_file_is_read_and_named_in_the_error(void **state)
{
	char path[] = "/tmp/test_json.XXXXXX";
	int fd = mkstemp(path);
	struct err err = { "" };
	json_t *json = NULL;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[1,", 3), 3);
	assert_false(json_read_file(path, MAX, &json, &err));
	assert_memory_equal(err.text, path, strlen(path));
	assert_non_null(strstr(err.text, ": JSON line 1 "));
	assert_int_equal(write(fd, "2]", 2), 2);
	assert_true(json_read_file(path, MAX, &json, &err));
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	json = NULL;
	assert_false(json_read_file(path, 4, &json, &err));
	assert_non_null(strstr(err.text, "more than 4 bytes"));
	(void)close(fd);
	(void)unlink(path);
	assert_false(json_read_file(path, MAX, &json, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rfc_8259_allows_is_read),
		cmocka_unit_test(what_is_not_strict_json_is_refused),
		cmocka_unit_test(a_number_that_is_too_large_is_kept_as_text),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(a_million_brackets_fit_a_small_stack),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(an_error_has_the_place_and_never_the_text),
		cmocka_unit_test(pointers_find_their_values),
		cmocka_unit_test(pointers_are_checked_by_their_grammar),
		cmocka_unit_test(only_a_string_has_text),
		cmocka_unit_test(a_file_is_read_and_named_in_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "base/buffer.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

static void
appends_stand_one_after_the_other(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	assert_int_equal(buffer_span(&buffer).len, 0);
	buffer_add(&buffer, SPAN("a\0b"));
	buffer_add_text(&buffer, "cd");
	buffer_add_byte(&buffer, 'e');
	buffer_format(&buffer, "%d-%s", 7, "x");
	buffer_add(&buffer, (struct span){ NULL, 0 });
	memcpy(buffer_extend(&buffer, 2), "yz", 2);
	assert_false(buffer.failed);
	assert_int_equal(buffer.len, 11);
	assert_memory_equal(buffer.at, "a\0bcde7-xyz", 12);
	assert_null(buffer_extend(&buffer, 4096));
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, 11);
	buffer_done(&buffer);
	buffer_done(&buffer);
}

static void
it_grows_up_to_its_limit_and_not_beyond(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 1000);
	for (size_t i = 0; i < 1000; i++)
		buffer_add_byte(&buffer, (char)('a' + i % 26));
	assert_false(buffer.failed);
	assert_int_equal(buffer.len, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(buffer.at[i], 'a' + i % 26);
	buffer_add_byte(&buffer, 'x');
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, 1000);
	assert_int_equal(buffer.at[1000], '\0');
	buffer_done(&buffer);
}

/* ASan sees whatever is written beyond the start, or freed. */
static void
it_begins_within_lent_bytes_and_outgrows_them(void **state)
{
	struct buffer buffer;
	char start[8];

	(void)state;
	buffer_init_within(&buffer, 1000, start, sizeof(start));
	assert_string_equal(buffer.at, "");
	buffer_add_text(&buffer, "1234567");
	assert_ptr_equal(buffer.at, start);
	assert_string_equal(buffer.at, "1234567");
	buffer_reset(&buffer);
	buffer_add_text(&buffer, "abcdefg");
	buffer_add_text(&buffer, "h");
	assert_ptr_not_equal(buffer.at, start);
	assert_string_equal(buffer.at, "abcdefgh");
	buffer_done(&buffer);
	buffer_add_text(&buffer, "more");
	assert_string_equal(buffer.at, "more");
	buffer_done(&buffer);

	buffer_init_within(&buffer, 1000, start, sizeof(start));
	buffer_add_text(&buffer, "secret");
	buffer_wipe(&buffer);
	assert_memory_equal(start, "\0\0\0\0\0\0\0\0", sizeof(start));

	buffer_init_within(&buffer, 4, start, sizeof(start));
	buffer_add_text(&buffer, "12345");
	assert_true(buffer.failed);
	buffer_done(&buffer);
}

static void
a_reader_writes_into_its_space(void **state)
{
	struct buffer buffer;
	size_t room = 0;
	char *space;

	(void)state;
	buffer_init(&buffer, 300);
	buffer_add_text(&buffer, "head");
	space = buffer_space(&buffer, 3, &room);
	assert_ptr_equal(space, buffer.at + 4);
	assert_true(room >= 3);
	memset(space, 'x', room);
	buffer_took(&buffer, 2);
	assert_string_equal(buffer.at, "headxx");
	space = buffer_space(&buffer, 294, &room);
	assert_int_equal(room, 294);
	memset(space, 'y', room);
	buffer_took(&buffer, room);
	assert_int_equal(buffer.len, 300);
	assert_null(buffer_space(&buffer, 1, &room));
	assert_true(buffer.failed);
	buffer_done(&buffer);
}

static void
what_does_not_fit_is_dropped_whole_and_remembered(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 8);
	buffer_add_text(&buffer, "12345");
	buffer_add_text(&buffer, "6789");
	assert_true(buffer.failed);
	assert_string_equal(buffer.at, "12345");
	buffer_add_byte(&buffer, '6');
	assert_string_equal(buffer.at, "12345");
	assert_true(buffer.failed);
	buffer_reset(&buffer);
	assert_false(buffer.failed);
	assert_int_equal(buffer.len, 0);
	buffer_format(&buffer, "%s", "123456789");
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, 0);
	buffer_reset(&buffer);
	buffer_add_json(&buffer, SPAN("1234567"));
	assert_true(buffer.failed);
	assert_string_equal(buffer.at, "");
	buffer_reset(&buffer);
	buffer_add_json(&buffer, SPAN("123456"));
	assert_false(buffer.failed);
	assert_string_equal(buffer.at, "\"123456\"");
	buffer_done(&buffer);
}

static void
a_length_that_overflows_fails(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, SIZE_MAX);
	buffer_add_byte(&buffer, 'a');
	assert_true(buffer.failed);
	buffer_done(&buffer);
	buffer_init(&buffer, 100);
	buffer_add_byte(&buffer, 'a');
	buffer_add(&buffer, (struct span){ "a", SIZE_MAX });
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, 1);
	buffer_wipe(&buffer);
	assert_null(buffer.at);
}

static void
json_strings_are_escaped(void **state)
{
	static const struct {
		const char *told;
		struct span text;
		const char *json;
	} cases[] = {
		{ "plain text stays", SPAN("a b/c~"), "\"a b/c~\"" },
		{ "nothing is two quotes", { NULL, 0 }, "\"\"" },
		{ "quote and backslash", SPAN("\"\\"), "\"\\\"\\\\\"" },
		{ "short escapes", SPAN("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ "other control bytes", SPAN("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"" },
		{ "NUL", SPAN("a\0b"), "\"a\\u0000b\"" },
		{ "UTF-8 stays", SPAN("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91"),
		    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\"" },
		{ "the last code point", SPAN("\xf4\x8f\xbf\xbf"), "\"\xf4\x8f\xbf\xbf\"" },
		{ "C1 controls", SPAN("\xc2\x85\xc2\x9b\xc2\xa0"), "\"\\u0085\\u009b\xc2\xa0\"" },
		{ "line separators", SPAN("\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\"" },
		{ "a lone byte",
		    SPAN("a\xff"
			 "b"),
		    "\"a\xef\xbf\xbd"
		    "b\"" },
		{ "a cut sequence", SPAN("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "an overlong slash", SPAN("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "a surrogate", SPAN("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "a quote eaten by a lead byte", SPAN("\xe2\""), "\"\xef\xbf\xbd\\\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct buffer buffer;

		buffer_init(&buffer, 4096);
		buffer_add_json(&buffer, cases[i].text);
		if (buffer.failed || strcmp(buffer.at, cases[i].json) != 0)
			fail_msg("%s: got %s", cases[i].told, buffer.at);
		buffer_done(&buffer);
	}
}

/* jansson as the second opinion, on every byte alone and every pair of bytes. */
static void
every_pair_of_bytes_makes_a_json_string(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		const char bytes[2] = { (char)(pair >> 8), (char)(pair & 0xff) };
		json_t *json;

		buffer_reset(&buffer);
		buffer_add_json(&buffer, (struct span){ bytes, 2 });
		json = json_loadb(buffer.at, buffer.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (!json_is_string(json))
			fail_msg("bytes %04x", pair);
		if (bytes[0] >= 0 && bytes[1] >= 0) {
			assert_int_equal(json_string_length(json), 2);
			assert_memory_equal(json_string_value(json), bytes, 2);
		}
		json_decref(json);
	}
	buffer_done(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_stand_one_after_the_other),
		cmocka_unit_test(it_grows_up_to_its_limit_and_not_beyond),
		cmocka_unit_test(it_begins_within_lent_bytes_and_outgrows_them),
		cmocka_unit_test(a_reader_writes_into_its_space),
		cmocka_unit_test(what_does_not_fit_is_dropped_whole_and_remembered),
		cmocka_unit_test(a_length_that_overflows_fails),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(every_pair_of_bytes_makes_a_json_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base64url.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 4648 section 10, and bytes that need the last two characters. */
static void
known_values_go_both_ways(void **state)
{
	static const struct {
		struct span bytes, url, standard;
	} cases[] = {
		{ SPAN(""), SPAN(""), SPAN("") },
		{ SPAN("f"), SPAN("Zg"), SPAN("Zg==") },
		{ SPAN("fo"), SPAN("Zm8"), SPAN("Zm8=") },
		{ SPAN("foo"), SPAN("Zm9v"), SPAN("Zm9v") },
		{ SPAN("foob"), SPAN("Zm9vYg"), SPAN("Zm9vYg==") },
		{ SPAN("fooba"), SPAN("Zm9vYmE"), SPAN("Zm9vYmE=") },
		{ SPAN("foobar"), SPAN("Zm9vYmFy"), SPAN("Zm9vYmFy") },
		{ SPAN("\xfb\xff\xfe"), SPAN("-__-"), SPAN("+//+") },
		{ SPAN("\0\0\0\0"), SPAN("AAAAAA"), SPAN("AAAAAA==") },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		unsigned char bytes[32];
		char text[32];
		size_t len = 99;

		assert_true(base64url_decode(cases[i].url, bytes, &len));
		assert_true(span_equal((struct span){ (char *)bytes, len }, cases[i].bytes));
		assert_true(base64url_decode_standard(cases[i].standard, bytes, &len));
		assert_true(span_equal((struct span){ (char *)bytes, len }, cases[i].bytes));
		len = base64url_encode(cases[i].bytes, text);
		assert_int_equal(len, BASE64URL_ENCODED(cases[i].bytes.len));
		assert_true(span_equal((struct span){ text, len }, cases[i].url));
	}
}

static void
other_spellings_are_refused(void **state)
{
	static const struct {
		const char *told;
		struct span text;
	} cases[] = {
		{ "one character makes no byte", SPAN("A") },
		{ "five characters", SPAN("AAAAA") },
		{ "unused bits of one byte, lowest", SPAN("Zh") },
		{ "unused bits of one byte, highest", SPAN("Zo") },
		{ "unused bits of two bytes, lowest", SPAN("Zm9") },
		{ "unused bits of two bytes, highest", SPAN("Zm-") },
		{ "padding", SPAN("Zg==") },
		{ "padding of one", SPAN("Zm8=") },
		{ "the standard plus", SPAN("+__-") },
		{ "the standard slash", SPAN("-/_-") },
		{ "a space", SPAN("Zm9v ") },
		{ "a space within", SPAN("Zm 9v") },
		{ "a newline", SPAN("Zm9v\n") },
		{ "NUL", SPAN("Zm9\0") },
		{ "a dot", SPAN("Zm9v.") },
		{ "a byte above ASCII", SPAN("Zm9\xc3") },
		{ "a byte above ASCII in the tail", SPAN("Zm9vZ\xff") },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		unsigned char bytes[32];
		size_t len = 99;

		if (base64url_decode(cases[i].text, bytes, &len) || len != 99)
			fail_msg("%s", cases[i].told);
	}
}

static void
the_standard_alphabet_is_as_strict(void **state)
{
	static const struct {
		const char *told;
		struct span text;
	} cases[] = {
		{ "no padding", SPAN("Zg") },
		{ "too little padding", SPAN("Zg=") },
		{ "too much padding", SPAN("Zm8==") },
		{ "padding alone", SPAN("====") },
		{ "three of padding", SPAN("A===") },
		{ "padding in the middle", SPAN("Zg==Zg==") },
		{ "unused bits", SPAN("Zh==") },
		{ "unused bits of two bytes", SPAN("Zm9=") },
		{ "the url alphabet", SPAN("-__-") },
		{ "white space", SPAN("Zg==\n") },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		unsigned char bytes[32];
		size_t len = 99;

		if (base64url_decode_standard(cases[i].text, bytes, &len) || len != 99)
			fail_msg("%s", cases[i].told);
	}
}

/* Of all last characters that could follow, exactly those that encode bytes are taken. */
static void
one_value_has_one_spelling(void **state)
{
	size_t taken = 0;

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		const char text[2] = { (char)(pair >> 8), (char)(pair & 0xff) };
		unsigned char bytes[3];
		char back[4];
		size_t len;

		if (!base64url_decode((struct span){ text, 2 }, bytes, &len))
			continue;
		taken++;
		assert_int_equal(len, 1);
		assert_int_equal(base64url_encode((struct span){ (char *)bytes, 1 }, back), 2);
		assert_memory_equal(back, text, 2);
	}
	assert_int_equal(taken, 256);
}

static void
all_lengths_go_both_ways_in_the_room_promised(void **state)
{
	(void)state;
	for (size_t len = 0; len < 200; len++) {
		unsigned char bytes[200];
		unsigned char back[BASE64URL_DECODED(BASE64URL_ENCODED(200)) + 1];
		char text[BASE64URL_ENCODED(200) + 1];
		size_t text_len;
		size_t back_len;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)(i * 37 + len);
		text[BASE64URL_ENCODED(len)] = '!';
		text_len = base64url_encode((struct span){ (char *)bytes, len }, text);
		assert_int_equal(text_len, BASE64URL_ENCODED(len));
		assert_int_equal(text[text_len], '!');
		back[BASE64URL_DECODED(text_len)] = 0x5a;
		assert_true(base64url_decode((struct span){ text, text_len }, back, &back_len));
		assert_int_equal(back[BASE64URL_DECODED(text_len)], 0x5a);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values_go_both_ways),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(the_standard_alphabet_is_as_strict),
		cmocka_unit_test(one_value_has_one_spelling),
		cmocka_unit_test(all_lengths_go_both_ways_in_the_room_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

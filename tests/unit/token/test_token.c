/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "taken_apart.h"

static const struct part_case payload_cases[] = {
	{ "an iss is all it takes", SPAN(PAYLOAD), REASON_OK, NULL },
	{ "any claims", SPAN("{\"iss\":\"i\",\"exp\":\"x\",\"aud\":{}}"), REASON_OK, NULL },
	{ "an empty iss", SPAN("{\"iss\":\"\"}"), REASON_OK, NULL },
	{ "the largest integers",
	    SPAN("{\"iss\":\"i\",\"a\":9223372036854775807,"
		 "\"b\":-9223372036854775808}"),
	    REASON_OK, NULL },
	{ "no iss", SPAN("{}"), REASON_CLAIM_MALFORMED, "iss is missing" },
	{ "iss null", SPAN("{\"iss\":null}"), REASON_CLAIM_MALFORMED, "iss is not a string" },
	{ "iss number", SPAN("{\"iss\":1}"), REASON_CLAIM_MALFORMED, NULL },
	{ "iss array", SPAN("{\"iss\":[\"i\"]}"), REASON_CLAIM_MALFORMED, NULL },
	{ "iss object", SPAN("{\"iss\":{}}"), REASON_CLAIM_MALFORMED, NULL },
	{ "iss with NUL", SPAN("{\"iss\":\"i\\u0000\"}"), REASON_TOKEN_MALFORMED, "NUL" },
	{ "array", SPAN("[{\"iss\":\"i\"}]"), REASON_TOKEN_MALFORMED,
	    "payload is not a JSON object" },
	{ "string", SPAN("\"iss\""), REASON_TOKEN_MALFORMED, "not a JSON object" },
	{ "null", SPAN("null"), REASON_TOKEN_MALFORMED, NULL },
	{ "true", SPAN("true"), REASON_TOKEN_MALFORMED, NULL },
	{ "no JSON", SPAN("hello"), REASON_TOKEN_MALFORMED, "payload" },
	{ "a nested token", SPAN("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJpIn0.AAAA"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "empty", SPAN(""), REASON_TOKEN_MALFORMED, "payload" },
	{ "a claim twice", SPAN("{\"iss\":\"i\",\"sub\":\"a\",\"sub\":\"root\"}"),
	    REASON_TOKEN_MALFORMED, "duplicate member" },
	{ "iss twice", SPAN("{\"iss\":\"i\",\"iss\":\"i\"}"), REASON_TOKEN_MALFORMED,
	    "duplicate member" },
	{ "NUL and another after it", SPAN(PAYLOAD "\0{}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a name with NUL", SPAN("{\"iss\":\"i\",\"a\\u0000\":1}"), REASON_TOKEN_MALFORMED, NULL },
	{ "broken UTF-8", SPAN("{\"iss\":\"i\",\"sub\":\"al\xff\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "1e400 is for who reads it", SPAN("{\"iss\":\"i\",\"x\":1e400}"), REASON_OK, NULL },
	{ "iss that large", SPAN("{\"iss\":1e400}"), REASON_CLAIM_MALFORMED,
	    "iss is not a string" },
	{ "a large number and a NUL", SPAN("{\"iss\":\"i\",\"a\":1e400,\"b\":\"\\u0000\"}"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "a large number with a leading zero", SPAN("{\"iss\":\"i\",\"a\":099999999999999999999}"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "a large number twice", SPAN("{\"iss\":\"i\",\"a\":1e400,\"a\":1e400}"),
	    REASON_TOKEN_MALFORMED, "duplicate member" },
	{ "2^63", SPAN("{\"iss\":\"i\",\"exp\":9223372036854775808}"), REASON_OK, NULL },
	{ "-2^63-1", SPAN("{\"iss\":\"i\",\"exp\":-9223372036854775809}"), REASON_OK, NULL },
	{ "an integer of 400 digits", SPAN("{\"iss\":\"i\",\"exp\":1" N32("0000000000000") "}"),
	    REASON_OK, NULL },
	{ "NaN", SPAN("{\"iss\":\"i\",\"exp\":NaN}"), REASON_TOKEN_MALFORMED, NULL },
	{ "Infinity", SPAN("{\"iss\":\"i\",\"exp\":Infinity}"), REASON_TOKEN_MALFORMED, NULL },
	{ "hex", SPAN("{\"iss\":\"i\",\"exp\":0x7fffffff}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a leading zero", SPAN("{\"iss\":\"i\",\"exp\":01760000000}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "a plus", SPAN("{\"iss\":\"i\",\"exp\":+1}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a bare point", SPAN("{\"iss\":\"i\",\"exp\":1.}"), REASON_TOKEN_MALFORMED, NULL },
	{ "32 levels",
	    SPAN("{\"iss\":\"i\",\"x\":" N8("[[[") "[[[[[[["
						   "]]]]]]]" N8("]]]") "}"),
	    REASON_OK, NULL },
	{ "33 levels", SPAN("{\"iss\":\"i\",\"x\":" N32("[") N32("]") "}"), REASON_TOKEN_MALFORMED,
	    "levels" },
};

static void
a_payload_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(payload_cases); i++) {
		char *token = taken_apart_text(SPAN(HEADER), payload_cases[i].text);

		taken_apart_expect(payload_cases[i].name, span_of(token), payload_cases[i].want,
		    payload_cases[i].detail);
		free(token);
	}
}

/* base64url of HEADER, of {"alg":"none"}, and of PAYLOAD. */
#define H "eyJhbGciOiJSUzI1NiJ9"
#define NONE "eyJhbGciOiJub25lIn0"
#define P "eyJpc3MiOiJpIn0"

static const struct part_case text_cases[] = {
	{ "three parts", SPAN(H "." P ".AAAA"), REASON_OK, NULL },
	{ "every character", SPAN(H "." P ".azAZ09-_"), REASON_OK, NULL },
	{ "nothing", SPAN(""), REASON_TOKEN_MALFORMED, "three parts" },
	{ "no text at all", { NULL, 0 }, REASON_TOKEN_MALFORMED, "three parts" },
	{ "one part", SPAN(H), REASON_TOKEN_MALFORMED, "three parts" },
	{ "two parts", SPAN(H "." P), REASON_TOKEN_MALFORMED, "three parts" },
	{ "four parts", SPAN(H "." P ".AAAA.AAAA"), REASON_TOKEN_MALFORMED, "three parts" },
	{ "five parts are JWE", SPAN(H ".AAAA.AAAA.AAAA.AAAA"), REASON_TOKEN_MALFORMED, "JWE" },
	{ "six parts", SPAN(H ".A.A.A.A.A"), REASON_TOKEN_MALFORMED, "three parts" },
	{ "dots only", SPAN(".."), REASON_TOKEN_MALFORMED, "header" },
	{ "no header", SPAN("." P ".AAAA"), REASON_TOKEN_MALFORMED, "header" },
	{ "no payload", SPAN(H "..AAAA"), REASON_TOKEN_MALFORMED, "payload" },
	{ "no signature", SPAN(H "." P "."), REASON_TOKEN_MALFORMED, "signature is empty" },
	{ "none without a signature", SPAN(NONE "." P "."), REASON_ALGORITHM_NOT_ALLOWED, "none" },
	{ "none with a signature", SPAN(NONE "." P ".AAAA"), REASON_ALGORITHM_NOT_ALLOWED, "none" },
	{ "none without the last dot", SPAN(NONE "." P), REASON_TOKEN_MALFORMED, NULL },
	{ "none before a bad payload", SPAN(NONE ".%."), REASON_TOKEN_MALFORMED, "character" },
	{ "none before an empty payload", SPAN(NONE ".."), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "padding", SPAN(H "." P ".AA=="), REASON_TOKEN_MALFORMED, "character" },
	{ "padding of the payload", SPAN(H "." P "=.AAAA"), REASON_TOKEN_MALFORMED, "character" },
	{ "standard base64: +", SPAN(H "." P ".AA+A"), REASON_TOKEN_MALFORMED, "character" },
	{ "standard base64: /", SPAN(H "." P ".AA/A"), REASON_TOKEN_MALFORMED, "character" },
	{ "a space before", SPAN(" " H "." P ".AAAA"), REASON_TOKEN_MALFORMED, "character" },
	{ "a space after", SPAN(H "." P ".AAAA "), REASON_TOKEN_MALFORMED, "character" },
	{ "a space within", SPAN(H "." P ".AA AA"), REASON_TOKEN_MALFORMED, "character" },
	{ "a tab within", SPAN(H "." P ".AA\tAA"), REASON_TOKEN_MALFORMED, "character" },
	{ "a line feed after", SPAN(H "." P ".AAAA\n"), REASON_TOKEN_MALFORMED, "character" },
	{ "a NUL after", SPAN(H "." P ".AAAA\0"), REASON_TOKEN_MALFORMED, "character" },
	{ "a tilde", SPAN(H "." P ".AA~A"), REASON_TOKEN_MALFORMED, "character" },
	{ "percent", SPAN(H "." P ".AA%41"), REASON_TOKEN_MALFORMED, "character" },
	{ "a query", SPAN(H "." P ".AAAA?x=1"), REASON_TOKEN_MALFORMED, "character" },
	{ "two with a comma", SPAN(H "." P ".AAAA," H), REASON_TOKEN_MALFORMED, "character" },
	{ "beyond ASCII", SPAN(H "." P ".AA\xc3\xa4"), REASON_TOKEN_MALFORMED, "character" },
	{ "a length of 1 mod 4", SPAN(H "." P ".AAAAA"), REASON_TOKEN_MALFORMED,
	    "signature is not canonical" },
	{ "a last character that is not canonical", SPAN(H "." P ".AB"), REASON_TOKEN_MALFORMED,
	    "signature is not canonical" },
	{ "and of three", SPAN(H "." P ".AAB"), REASON_TOKEN_MALFORMED, "not canonical" },
	{ "canonical of three", SPAN(H "." P ".AAE"), REASON_OK, NULL },
	{ "a header that is not canonical", SPAN("eyJhbGciOiJub25lIn1." P ".AAAA"),
	    REASON_TOKEN_MALFORMED, "header is not canonical" },
	{ "a payload that is not canonical", SPAN(H ".eyJpc3MiOiJpIn1.AAAA"),
	    REASON_TOKEN_MALFORMED, "payload is not canonical" },
	{ "JSON serialisation", SPAN("{\"payload\":\"\"}"), REASON_TOKEN_MALFORMED, "character" },
	{ "Bearer", SPAN("Bearer " H "." P ".AAAA"), REASON_TOKEN_MALFORMED, "character" },
};

static void
a_text_is_taken_apart_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(text_cases); i++)
		taken_apart_expect(text_cases[i].name, text_cases[i].text, text_cases[i].want,
		    text_cases[i].detail);
}

static void
a_cut_token_is_never_read_as_whole(void **state)
{
	char *token = taken_apart_text(SPAN(HEADER), SPAN(PAYLOAD));
	size_t signature = strlen(token) - strlen("c2lnbmF0dXJl");

	(void)state;
	for (size_t len = 0; len < signature; len++) {
		struct reading reading;

		taken_apart_read(&reading, (struct span){ token, len });
		if (reading.reason != REASON_TOKEN_MALFORMED)
			fail_msg("cut at %zu: %s", len, reason_word(reading.reason));
		taken_apart_done(&reading);
	}
	free(token);
}

static void
a_token_has_at_most_16_kib(void **state)
{
	char *text = malloc(TOKEN_MAX_BYTES + 2);
	size_t fixed = strlen(H "." P ".");
	char *huge = calloc(1, 1 << 20);

	(void)state;
	/* A signature may have any length but 1 mod 4: two texts around the limit do not. */
	memset(text, 'A', TOKEN_MAX_BYTES + 2);
	memcpy(text, H "." P ".", fixed);
	assert_int_not_equal((TOKEN_MAX_BYTES - fixed) % 4, 1);
	taken_apart_expect("16384 bytes", (struct span){ text, TOKEN_MAX_BYTES }, REASON_OK, NULL);
	taken_apart_expect("16385 bytes", (struct span){ text, TOKEN_MAX_BYTES + 1 },
	    REASON_TOKEN_TOO_LARGE, "16384");
	taken_apart_expect(
	    "a MiB of NUL", (struct span){ huge, 1 << 20 }, REASON_TOKEN_TOO_LARGE, NULL);
	free(text);
	free(huge);
}

static void
a_token_shows_what_it_claims(void **state)
{
	char *text =
	    taken_apart_text(SPAN("{\"alg\":\"ES256\",\"kid\":\"k 1\",\"typ\":\"at+jwt\"}"),
		SPAN("{\"iss\":\"https://i\",\"sub\":\"s\"}"));
	struct reading reading;

	(void)state;
	taken_apart_read(&reading, span_of(text));
	assert_int_equal(reading.reason, REASON_OK);
	assert_true(span_is(reading.token.kid, "k 1"));
	assert_true(span_is(reading.token.type, "at+jwt"));
	assert_true(span_is(reading.token.issuer, "https://i"));
	assert_true(span_is(reading.token.signature, "signature"));
	assert_true(span_is(reading.token.payload, "{\"iss\":\"https://i\",\"sub\":\"s\"}"));
	assert_int_equal(reading.token.algorithm, ALGORITHM_ES256);
	assert_ptr_equal(reading.token.input.at, text);
	assert_int_equal(reading.token.input.len, strlen(text) - strlen(".c2lnbmF0dXJl"));
	taken_apart_done(&reading);
	free(text);
	text = taken_apart_text(SPAN(HEADER), SPAN(PAYLOAD));
	taken_apart_read(&reading, span_of(text));
	assert_null(reading.token.kid.at);
	assert_null(reading.token.type.at);
	taken_apart_done(&reading);
	free(text);
}

static void
a_signed_payload_may_be_anything(void **state)
{
	static const struct {
		const char *name;
		struct span text;
		enum reason want;
	} cases[] = {
		{ "an object without iss", SPAN(H ".e30.AAAA"), REASON_OK },
		{ "no JSON", SPAN(H ".aGVsbG8.AAAA"), REASON_OK },
		{ "empty", SPAN(H "..AAAA"), REASON_OK },
		{ "NUL", SPAN(H ".AA.AAAA"), REASON_OK },
		{ "not canonical", SPAN(H ".AB.AAAA"), REASON_TOKEN_MALFORMED },
		{ "1 mod 4", SPAN(H ".A.AAAA"), REASON_TOKEN_MALFORMED },
		{ "padding", SPAN(H ".AA==.AAAA"), REASON_TOKEN_MALFORMED },
		{ "no signature", SPAN(H ".AA."), REASON_TOKEN_MALFORMED },
		{ "none", SPAN(NONE ".AA."), REASON_ALGORITHM_NOT_ALLOWED },
		{ "two parts", SPAN(H ".AA"), REASON_TOKEN_MALFORMED },
		{ "kid number", SPAN("eyJhbGciOiJSUzI1NiIsImtpZCI6MX0.AA.AAAA"),
		    REASON_TOKEN_MALFORMED },
		{ "typ number", SPAN("eyJhbGciOiJSUzI1NiIsInR5cCI6MX0.AA.AAAA"),
		    REASON_TOKEN_MALFORMED },
		{ "crit", SPAN("eyJhbGciOiJSUzI1NiIsImNyaXQiOltdfQ.AA.AAAA"),
		    REASON_CRITICAL_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct arena arena;
		struct token token;
		enum reason got;

		arena_init(&arena, 1 << 20);
		got = token_read_signed(cases[i].text, &arena, &token);
		if (got != cases[i].want)
			fail_msg("%s: want %s, got %s", cases[i].name, reason_word(cases[i].want),
			    reason_word(got));
		assert_null(token.claims);
		assert_null(token.issuer.at);
		token_done(&token);
		arena_done(&arena);
	}
}

static void
without_memory_nothing_is_read(void **state)
{
	static const size_t limits[] = { 0, 64, 200, 400, 1000, 4500 };
	char *payload = taken_apart_padded("{\"iss\":\"i\",\"x\":\"", 6000);
	char *text = taken_apart_text(SPAN(HEADER), span_of(payload));

	(void)state;
	for (size_t i = 0; i < CASES_OF(limits); i++) {
		struct arena arena;
		struct token token;

		arena_init(&arena, limits[i]);
		assert_int_equal(token_read(span_of(text), &arena, &token), REASON_OVERLOADED);
		assert_string_equal(token.detail, "out of memory");
		token_done(&token);
		arena_done(&arena);
	}
	free(payload);
	free(text);
}

static void
done_accepts_a_zeroed_one_and_twice(void **state)
{
	struct token token = { 0 };

	(void)state;
	token_done(&token);
	token_done(&token);
	assert_null(token.header);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payload_is_read_strictly),
		cmocka_unit_test(a_text_is_taken_apart_strictly),
		cmocka_unit_test(a_cut_token_is_never_read_as_whole),
		cmocka_unit_test(a_token_has_at_most_16_kib),
		cmocka_unit_test(a_token_shows_what_it_claims),
		cmocka_unit_test(a_signed_payload_may_be_anything),
		cmocka_unit_test(without_memory_nothing_is_read),
		cmocka_unit_test(done_accepts_a_zeroed_one_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

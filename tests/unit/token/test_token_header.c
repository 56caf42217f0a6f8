/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a token (RFC 7515 section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "taken_apart.h"

static const struct part_case header_cases[] = {
	{ "all ten algorithms: RS256", SPAN("{\"alg\":\"RS256\"}"), REASON_OK, NULL },
	{ "PS512", SPAN("{\"alg\":\"PS512\"}"), REASON_OK, NULL },
	{ "ES512", SPAN("{\"alg\":\"ES512\"}"), REASON_OK, NULL },
	{ "EdDSA", SPAN("{\"alg\":\"EdDSA\"}"), REASON_OK, NULL },
	{ "members in any order", SPAN("{\"kid\":\"k\",\"typ\":\"JWT\",\"alg\":\"RS256\"}"),
	    REASON_OK, NULL },
	{ "white space", SPAN(" {\t\"alg\" :\r\n\"RS256\" } "), REASON_OK, NULL },
	{ "escapes in a name", SPAN("{\"\\u0061lg\":\"RS256\"}"), REASON_OK, NULL },
	{ "escapes in alg", SPAN("{\"alg\":\"\\u0052S256\"}"), REASON_OK, NULL },
	{ "keys in the header are ignored",
	    SPAN("{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"jku\":\"http://a/\","
		 "\"x5u\":\"http://b/\",\"x5c\":[\"AA\"]}"),
	    REASON_OK, NULL },
	{ "roles in the header are ignored", SPAN("{\"alg\":\"RS256\",\"roles\":[\"admin\"]}"),
	    REASON_OK, NULL },

	{ "none", SPAN("{\"alg\":\"none\"}"), REASON_ALGORITHM_NOT_ALLOWED, "alg is \"none\"" },
	{ "None", SPAN("{\"alg\":\"None\"}"), REASON_ALGORITHM_NOT_ALLOWED, "None" },
	{ "NONE", SPAN("{\"alg\":\"NONE\"}"), REASON_ALGORITHM_NOT_ALLOWED, "NONE" },
	{ "nOnE", SPAN("{\"alg\":\"nOnE\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "HS256", SPAN("{\"alg\":\"HS256\"}"), REASON_ALGORITHM_NOT_ALLOWED, "HS256" },
	{ "HS384", SPAN("{\"alg\":\"HS384\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "HS512", SPAN("{\"alg\":\"HS512\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "RS1", SPAN("{\"alg\":\"RS1\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "ES256K", SPAN("{\"alg\":\"ES256K\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "lower case", SPAN("{\"alg\":\"rs256\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "a space after it", SPAN("{\"alg\":\"RS256 \"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "empty alg", SPAN("{\"alg\":\"\"}"), REASON_ALGORITHM_NOT_ALLOWED, NULL },
	{ "alg before crit", SPAN("{\"alg\":\"none\",\"crit\":[]}"), REASON_ALGORITHM_NOT_ALLOWED,
	    NULL },
	{ "alg before kid", SPAN("{\"alg\":\"none\",\"kid\":1}"), REASON_ALGORITHM_NOT_ALLOWED,
	    NULL },
	{ "no alg", SPAN("{}"), REASON_TOKEN_MALFORMED, "no \"alg\"" },
	{ "ALG", SPAN("{\"ALG\":\"RS256\"}"), REASON_TOKEN_MALFORMED, "no \"alg\"" },
	{ "alg null", SPAN("{\"alg\":null}"), REASON_TOKEN_MALFORMED, "no \"alg\"" },
	{ "alg number", SPAN("{\"alg\":256}"), REASON_TOKEN_MALFORMED, NULL },
	{ "alg array", SPAN("{\"alg\":[\"RS256\"]}"), REASON_TOKEN_MALFORMED, NULL },
	{ "alg object", SPAN("{\"alg\":{}}"), REASON_TOKEN_MALFORMED, NULL },
	{ "alg true", SPAN("{\"alg\":true}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a NUL after alg", SPAN("{\"alg\":\"RS256\\u0000\"}"), REASON_TOKEN_MALFORMED, "NUL" },

	{ "crit of an unknown name", SPAN("{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}"),
	    REASON_CRITICAL_UNKNOWN, "crit" },
	{ "empty crit", SPAN("{\"alg\":\"RS256\",\"crit\":[]}"), REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit that is a string", SPAN("{\"alg\":\"RS256\",\"crit\":\"exp\"}"),
	    REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit null", SPAN("{\"alg\":\"RS256\",\"crit\":null}"), REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit twice in itself", SPAN("{\"alg\":\"RS256\",\"crit\":[\"x\",\"x\"],\"x\":1}"),
	    REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit of an absent member", SPAN("{\"alg\":\"RS256\",\"crit\":[\"y\"]}"),
	    REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit of a registered member", SPAN("{\"alg\":\"RS256\",\"crit\":[\"alg\"]}"),
	    REASON_CRITICAL_UNKNOWN, NULL },
	{ "b64 false with crit", SPAN("{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}"),
	    REASON_CRITICAL_UNKNOWN, NULL },
	{ "b64 false without crit", SPAN("{\"alg\":\"RS256\",\"b64\":false}"),
	    REASON_CRITICAL_UNKNOWN, "b64" },
	{ "b64 true", SPAN("{\"alg\":\"RS256\",\"b64\":true}"), REASON_CRITICAL_UNKNOWN, NULL },
	{ "crit before kid", SPAN("{\"alg\":\"RS256\",\"crit\":[],\"kid\":1}"),
	    REASON_CRITICAL_UNKNOWN, NULL },

	{ "kid", SPAN("{\"alg\":\"RS256\",\"kid\":\"k\"}"), REASON_OK, NULL },
	{ "kid of path segments", SPAN("{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}"), REASON_OK,
	    NULL },
	{ "kid of SQL", SPAN("{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}"), REASON_OK, NULL },
	{ "kid number", SPAN("{\"alg\":\"RS256\",\"kid\":1}"), REASON_TOKEN_MALFORMED, "kid" },
	{ "kid null", SPAN("{\"alg\":\"RS256\",\"kid\":null}"), REASON_TOKEN_MALFORMED, "kid" },
	{ "kid array", SPAN("{\"alg\":\"RS256\",\"kid\":[\"k\"]}"), REASON_TOKEN_MALFORMED, NULL },
	{ "kid object", SPAN("{\"alg\":\"RS256\",\"kid\":{}}"), REASON_TOKEN_MALFORMED, NULL },
	{ "kid empty", SPAN("{\"alg\":\"RS256\",\"kid\":\"\"}"), REASON_TOKEN_MALFORMED, NULL },
	{ "kid with CRLF", SPAN("{\"alg\":\"RS256\",\"kid\":\"a\\r\\nb\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "kid with ESC", SPAN("{\"alg\":\"RS256\",\"kid\":\"\\u001b\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "kid with DEL", SPAN("{\"alg\":\"RS256\",\"kid\":\"\\u007f\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "kid with NUL", SPAN("{\"alg\":\"RS256\",\"kid\":\"k\\u0000\"}"), REASON_TOKEN_MALFORMED,
	    NULL },

	{ "typ", SPAN("{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}"), REASON_OK, NULL },
	{ "typ empty", SPAN("{\"alg\":\"RS256\",\"typ\":\"\"}"), REASON_OK, NULL },
	{ "typ number", SPAN("{\"alg\":\"RS256\",\"typ\":1}"), REASON_TOKEN_MALFORMED, "typ" },
	{ "typ null", SPAN("{\"alg\":\"RS256\",\"typ\":null}"), REASON_TOKEN_MALFORMED, "typ" },
	{ "typ array", SPAN("{\"alg\":\"RS256\",\"typ\":[\"JWT\"]}"), REASON_TOKEN_MALFORMED,
	    NULL },

	{ "alg twice", SPAN("{\"alg\":\"none\",\"alg\":\"RS256\"}"), REASON_TOKEN_MALFORMED,
	    "duplicate member" },
	{ "alg twice, once escaped", SPAN("{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}"),
	    REASON_TOKEN_MALFORMED, "duplicate member" },
	{ "a member twice, deep", SPAN("{\"alg\":\"RS256\",\"x\":{\"a\":1,\"a\":2}}"),
	    REASON_TOKEN_MALFORMED, "duplicate member" },
	{ "array", SPAN("[\"RS256\"]"), REASON_TOKEN_MALFORMED, "not a JSON object" },
	{ "string", SPAN("\"RS256\""), REASON_TOKEN_MALFORMED, "not a JSON object" },
	{ "number", SPAN("1"), REASON_TOKEN_MALFORMED, "not a JSON object" },
	{ "null", SPAN("null"), REASON_TOKEN_MALFORMED, "not a JSON object" },
	{ "no JSON", SPAN("{alg:RS256}"), REASON_TOKEN_MALFORMED, "header" },
	{ "single quotes", SPAN("{'alg':'RS256'}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a comment", SPAN("{/**/\"alg\":\"RS256\"}"), REASON_TOKEN_MALFORMED, NULL },
	{ "a comma too many", SPAN("{\"alg\":\"RS256\",}"), REASON_TOKEN_MALFORMED, NULL },
	{ "cut", SPAN("{\"alg\":\"RS256\""), REASON_TOKEN_MALFORMED, "ends too early" },
	{ "something after it", SPAN(HEADER "x"), REASON_TOKEN_MALFORMED, "unexpected data after" },
	{ "another after it", SPAN(HEADER "{}"), REASON_TOKEN_MALFORMED, "unexpected data after" },
	{ "NUL and another after it", SPAN(HEADER "\0{\"alg\":\"none\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "NUL after it", SPAN(HEADER "\0"), REASON_TOKEN_MALFORMED, NULL },
	{ "BOM", SPAN("\xef\xbb\xbf" HEADER), REASON_TOKEN_MALFORMED, NULL },
	{ "UTF-16", SPAN("{\0\"\0a\0l\0g\0\"\0:\0\"\0R\0S\0002\0005\0006\0\"\0}\0"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "broken UTF-8", SPAN("{\"alg\":\"RS256\",\"kid\":\"\xff\"}"), REASON_TOKEN_MALFORMED,
	    NULL },
	{ "overlong UTF-8", SPAN("{\"alg\":\"RS256\",\"kid\":\"\xc0\xaf\"}"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "a lone surrogate", SPAN("{\"alg\":\"RS256\",\"kid\":\"\\ud800\"}"),
	    REASON_TOKEN_MALFORMED, NULL },
	{ "NaN", SPAN("{\"alg\":\"RS256\",\"x\":NaN}"), REASON_TOKEN_MALFORMED, NULL },
	{ "33 levels", SPAN("{\"alg\":\"RS256\",\"x\":" N32("[") N32("]") "}"),
	    REASON_TOKEN_MALFORMED, "levels" },
};

static void
a_header_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(header_cases); i++) {
		char *token = taken_apart_text(header_cases[i].text, SPAN(PAYLOAD));

		taken_apart_expect(header_cases[i].name, span_of(token), header_cases[i].want,
		    header_cases[i].detail);
		free(token);
	}
}

static void
every_algorithm_of_ours_is_read(void **state)
{
	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		char header[64];
		struct reading reading;
		char *token;

		(void)snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\"}", algorithm_name((enum algorithm)a));
		token = taken_apart_text(span_of(header), SPAN(PAYLOAD));
		taken_apart_read(&reading, span_of(token));
		assert_int_equal(reading.reason, REASON_OK);
		assert_int_equal(reading.token.algorithm, a);
		taken_apart_done(&reading);
		free(token);
	}
}

static void
a_header_has_at_most_4096_bytes(void **state)
{
	static const struct {
		size_t bytes;
		enum reason want;
	} cases[] = { { 4095, REASON_OK }, { 4096, REASON_OK }, { 4097, REASON_TOKEN_MALFORMED },
		{ 4098, REASON_TOKEN_MALFORMED }, { 9000, REASON_TOKEN_MALFORMED } };

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char *header = taken_apart_padded("{\"alg\":\"RS256\",\"x\":\"", cases[i].bytes);
		char *token = taken_apart_text(span_of(header), SPAN(PAYLOAD));

		taken_apart_expect("a padded header", span_of(token), cases[i].want,
		    cases[i].want == REASON_OK ? NULL : "4096 bytes");
		free(header);
		free(token);
	}
}

static void
a_kid_has_at_most_1024_bytes(void **state)
{
	static const size_t lengths[] = { 1, 1024, 1025, 4000 };

	(void)state;
	for (size_t i = 0; i < CASES_OF(lengths); i++) {
		size_t fixed = strlen("{\"alg\":\"RS256\",\"kid\":\"\"}");
		char *header =
		    taken_apart_padded("{\"alg\":\"RS256\",\"kid\":\"", lengths[i] + fixed);
		char *token = taken_apart_text(span_of(header), SPAN(PAYLOAD));

		taken_apart_expect("a long kid", span_of(token),
		    lengths[i] <= 1024 ? REASON_OK : REASON_TOKEN_MALFORMED, NULL);
		free(header);
		free(token);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_strictly),
		cmocka_unit_test(every_algorithm_of_ours_is_read),
		cmocka_unit_test(a_header_has_at_most_4096_bytes),
		cmocka_unit_test(a_kid_has_at_most_1024_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

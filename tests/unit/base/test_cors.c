/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cors.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

struct read {
	struct arena arena;
	struct mistakes mistakes;
	const struct cors *cors;
};

/* Read `cors` with these members. */
static void
read_cors(struct read *read, const char *members)
{
	struct node *root = NULL;
	char text[1024];

	*read = (struct read){ 0 };
	arena_init(&read->arena, 1u << 20);
	read->mistakes.arena = &read->arena;
	(void)snprintf(text, sizeof(text), "cors: {%s}\n", members);
	assert_true(document_parse(span_of(text), "policy.yaml", &read->mistakes, &root));
	read->cors = cors_read(document_get(root, "cors"), &read->mistakes);
}

static void
read_good(struct read *read, const char *members)
{
	read_cors(read, members);
	if (read->mistakes.first != NULL)
		fail_msg("%s", read->mistakes.first->text);
	assert_non_null(read->cors);
}

#define ORIGIN "must be SCHEME://HOST or SCHEME://HOST:PORT"

static void
mistakes_are_reported(void **state)
{
	static const struct {
		const char *members, *told; /* "": it is good */
	} cases[] = {
		{ "origins: \"https://app.example\"", "" },
		{ "origins: [\"https://app.example:8443\", \"http://localhost:3000\", "
		  "\"http://[::1]:3000\", \"capacitor://localhost\", \"chrome-extension://ABc\"]",
		    "" },
		{ "origins: \"*\"", "" },
		{ "origins: \"*\", credentials: true", "\"*\" cannot stand with" },
		{ "origins: [\"*\", \"https://a.example\"]", "\"*\" is every origin" },
		{ "methods: [PUT]", "\"origins\" is missing" },
		{ "origins: []", "is empty" },
		{ "origins: \"null\"", "\"null\" is what any page can make of its origin" },
		{ "origins: \"https://*.example\"", "is compared exactly" },
		{ "origins: app.example", ORIGIN },
		{ "origins: \"https://app.example/\"", ORIGIN },
		{ "origins: \"https://app.example/a\"", ORIGIN },
		{ "origins: \"https://app.example:443\"", ORIGIN },
		{ "origins: \"http://app.example:80\"", ORIGIN },
		{ "origins: \"https://\"", ORIGIN },
		{ "origins: \"://app.example\"", ORIGIN },
		{ "origins: \"HTTPS://app.example\"", ORIGIN },
		{ "origins: \"https://u@app.example\"", ORIGIN },
		{ "origins: \"https://app.example?x\"", ORIGIN },
		{ "origins: \"https://a.example https://b.example\"", ORIGIN },
		{ "origins: \"https://a.example\\r\\nX: y\"", ORIGIN },
		{ "origins: \"https://App.example\"", "must be in lower case" },
		{ "origins: \"*\", methods: [\"*\"]", "/cors/methods: \"*\" is no name" },
		{ "origins: \"*\", headers: [\"a, b\"]", "/cors/headers: \"a, b\" is no name" },
		{ "origins: \"*\", expose: [\"a\\r\\nb\"]", "is no name" },
		{ "origins: \"*\", max_age: 2d", "/cors/max_age: " },
		{ "origins: \"*\", origin: x", "unknown key" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct read read;
		const char *got;

		read_cors(&read, cases[i].members);
		got = read.mistakes.first == NULL ? "" : read.mistakes.first->text;
		if (strstr(got, cases[i].told) == NULL ||
		    (cases[i].told[0] == '\0') != (read.mistakes.errors == 0))
			fail_msg("%s: got %s", cases[i].members, got);
		arena_done(&read.arena);
	}
}

static void
an_origin_is_allowed_byte_for_byte(void **state)
{
	static const struct {
		struct span origin;
		bool listed;
	} cases[] = {
		{ SPAN("https://app.example"), true },
		{ SPAN("http://localhost:3000"), true },
		{ SPAN("null"), false },
		{ SPAN(""), false },
		{ SPAN("http://app.example"), false },
		{ SPAN("https://app.example."), false },
		{ SPAN("https://app.example:443"), false },
		{ SPAN("https://app.example/"), false },
		{ SPAN("https://APP.example"), false },
		{ SPAN("https://app.example.evil.test"), false },
		{ SPAN("https://evil-app.example"), false },
		{ SPAN("https://app.exampl"), false },
		{ SPAN("https://app_example"), false },
		{ SPAN("https://app.example, https://evil.test"), false },
		{ SPAN("https://app.example\0"), false },
		{ SPAN("*"), false },
	};
	struct read some, any;

	(void)state;
	read_good(&some, "origins: [\"https://app.example\", \"http://localhost:3000\"]");
	read_good(&any, "origins: \"*\"");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (cors_allows(some.cors, cases[i].origin) != cases[i].listed)
			fail_msg("%s", cases[i].origin.at);
		assert_true(cors_allows(any.cors, cases[i].origin));
	}
	assert_false(cors_allows(some.cors, (struct span){ NULL, 0 }));
	assert_false(cors_allows(any.cors, (struct span){ NULL, 0 }));
	arena_done(&some.arena);
	arena_done(&any.arena);
}

#define OURS                                                                                       \
	"X-Request-Id, X-Postern, WWW-Authenticate, Retry-After, RateLimit-Limit, "                \
	"RateLimit-Remaining, RateLimit-Reset"

static void
lines_are_written(void **state)
{
	static const struct {
		const char *members, *origin;
		bool preflight;
		const char *lines;
	} cases[] = {
		{ "origins: \"https://a.example\"", "https://a.example", false,
		    "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
		    "Access-Control-Expose-Headers: " OURS "\r\n" },
		{ "origins: \"https://a.example\", expose: [ETag, Link], credentials: true",
		    "https://a.example", false,
		    "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
		    "Access-Control-Allow-Credentials: true\r\n"
		    "Access-Control-Expose-Headers: " OURS ", ETag, Link\r\n" },
		{ "origins: \"https://a.example\"", "https://b.example", false,
		    "Vary: Origin\r\n" },
		{ "origins: \"https://a.example\"", NULL, false, "Vary: Origin\r\n" },
		{ "origins: \"*\"", "null", false,
		    "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: " OURS
		    "\r\n" },
		{ "origins: \"*\"", NULL, false, "" },
		{ "origins: \"https://a.example\"", "https://a.example", true,
		    "Vary: Origin, Access-Control-Request-Method, "
		    "Access-Control-Request-Headers\r\n"
		    "Access-Control-Allow-Origin: https://a.example\r\n"
		    "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
		    "Access-Control-Max-Age: 600\r\n" },
		{ "origins: \"https://a.example\", methods: [PUT, DELETE], headers: X-A, "
		  "credentials: true, max_age: 0s",
		    "https://a.example", true,
		    "Vary: Origin, Access-Control-Request-Method, "
		    "Access-Control-Request-Headers\r\n"
		    "Access-Control-Allow-Origin: https://a.example\r\n"
		    "Access-Control-Allow-Credentials: true\r\n"
		    "Access-Control-Allow-Methods: PUT, DELETE\r\n"
		    "Access-Control-Allow-Headers: X-A\r\nAccess-Control-Max-Age: 0\r\n" },
		{ "origins: \"*\", headers: []", "https://a.example", true,
		    "Vary: Origin, Access-Control-Request-Method, "
		    "Access-Control-Request-Headers\r\n"
		    "Access-Control-Allow-Origin: *\r\nAccess-Control-Max-Age: 600\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct span origin = span_of(cases[i].origin);
		struct buffer lines;
		struct read read;

		buffer_init(&lines, 4096);
		read_good(&read, cases[i].members);
		if (cases[i].preflight)
			cors_add_preflight(read.cors, origin, &lines);
		else
			cors_add_answer(read.cors, origin, &lines);
		if (!span_is(buffer_span(&lines), cases[i].lines))
			fail_msg("%s: got\n%.*s", cases[i].members, (int)lines.len, lines.at);
		buffer_done(&lines);
		arena_done(&read.arena);
	}
}

static void
without_the_section_there_is_nothing(void **state)
{
	struct mistakes mistakes = { 0 };

	(void)state;
	assert_null(cors_read(NULL, &mistakes));
	assert_int_equal(mistakes.errors, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_reported),
		cmocka_unit_test(an_origin_is_allowed_byte_for_byte),
		cmocka_unit_test(lines_are_written),
		cmocka_unit_test(without_the_section_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

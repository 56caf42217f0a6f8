/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "jwks/source.h"

struct url_case {
	const char *url;
	bool safe;
};

static const struct url_case urls[] = {
	{ "https://idp.example/keys", true },
	{ "http://127.0.0.1/keys", true },
	{ "http://127.0.0.1:8080/keys", true },
	{ "http://127.9.9.9/keys", true },
	{ "http://localhost:80/keys", true },
	{ "http://[::1]:80/keys", true },
	{ "http://idp.example/keys", false },
	{ "http://127.0.0.1.evil.example/keys", false },
	{ "http://localhost.evil.example/keys", false },
	{ "http://127.0.0.1@evil.example/keys", false },
	{ "http://10.0.0.1/keys", false },
	{ "http://[::2]/keys", false },
	{ "ftp://127.0.0.1/keys", false },
	{ "file:///etc/passwd", false },
	{ "http://127.0.0.1:80@evil.example/keys", false },
	{ "http://127.0.0.1:@evil.example/keys", false },
	{ "http://localhost:80@evil.example/keys", false },
	{ "http://[::1]@evil.example/keys", false },
	{ "http://[::1].evil.example/keys", false },
	{ "http://[::1", false },
	{ "http://[::1]:8080/keys", true },
	{ "http://127.0.0.1\\@evil.example/keys", false },
	{ "http://127.0.0.1:80\\.evil.example/keys", false },
	{ "http://127.0.0.1 .evil.example/keys", false },
	{ "http://127.0.0.1?@evil.example/keys", true }, /* the query begins before the "@" */
	{ "http://127.0.0.1#.evil.example/keys", false },
	{ "http://127.0.0.1.5/keys", false },
	{ "http://127.0.0.1./keys", false },
	{ "http://127.1/keys", false },
	{ "http://127.0.0.256/keys", false },
	{ "http://127.0.0.01/keys", false },
	{ "http://0x7f.0.0.1/keys", false },
	{ "http://127.0.0.1:8o80/keys", false },
	{ "http://localhost:x/keys", false },
	{ "http://", false },
	{ "http:///keys", false },
	{ "https://", false },
	{ "https:///keys", false },
	{ "https://user@idp.example/keys", false },
	{ "https://idp.example:443/keys?a=@", true },
	{ "https://[2001:db8::1]/keys", true },
	{ "HTTP://127.0.0.1/keys", false },
	{ "", false },
};

static void
plain_http_is_for_loopback_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (source_url_safe(span_of(urls[i].url)) != urls[i].safe)
			fail_msg("%s", urls[i].url);
}

struct mistake_case {
	const char *name, *yaml, *lines;
};

#define ISSUER "issuer: https://idp.example\n"
#define RULE "must start with \"https://\" (http is for loopback addresses only)"

static const struct mistake_case mistaken[] = {
	{ "nothing but the issuer", ISSUER, "" },
	{ "an address", ISSUER "jwks_uri: https://idp.example/keys\n", "" },
	{ "plain http", ISSUER "jwks_uri: http://idp.example/keys\n",
	    "f:2:11: /jwks_uri: " RULE " (found \"http://idp.example/keys\")\n" },
	{ "plain http by discovery", "issuer: http://idp.example\n",
	    "f:1:9: /issuer: " RULE " (found \"http://idp.example\")\n" },
	{ "plain http of an issuer whose keys are elsewhere",
	    "issuer: http://idp.example\njwks_uri: https://idp.example/keys\n", "" },
	{ "an issuer that is no URL, with a file", "issuer: accounts.google.com\njwks_file: k\n",
	    "" },
	{ "an issuer that is no URL", "issuer: accounts.google.com\n",
	    "f:1:9: /issuer: " RULE
	    ": write \"https://accounts.google.com\" (found \"accounts.google.com\")\n" },
	{ "a user in the address", ISSUER "jwks_uri: https://a@idp.example/keys\n",
	    "f:2:11: /jwks_uri: must not contain a user or a password"
	    " (found \"https://(secret)@idp.example/keys\")\n" },
	{ "both", ISSUER "jwks_uri: https://idp.example/keys\njwks_file: keys.json\n",
	    "f:3:1: /jwks_file: \"jwks_uri\" and \"jwks_file\" cannot be used together\n" },
	{ "all at once",
	    ISSUER "jwks:\n  refresh: 59s\n  cooldown: 0s\n  stale: 31d\n  timeout: 61s\n"
		   "  retries: 3\n",
	    "f:3:12: /jwks/refresh: must be 1m..1h (found \"59s\")\n"
	    "f:4:13: /jwks/cooldown: must be 1s..1h (found \"0s\")\n"
	    "f:5:10: /jwks/stale: must be 1s..30d (found \"31d\")\n"
	    "f:6:12: /jwks/timeout: must be 100ms..1m (found \"61s\")\n"
	    "f:7:3: /jwks/retries: unknown key\n" },
	{ "the least and the most",
	    ISSUER "jwks: {refresh: 60s, cooldown: 1h, stale: 1s, timeout: 60s}\n", "" },
};

static struct arena arena;

static const char *
read(const char *yaml, struct source *source)
{
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;
	const char *lines = "";

	assert_true(document_parse(span_of(yaml), "f", &mistakes, &root));
	*source = (struct source){ .name = "idp", .issuer = document_get(root, "issuer")->text.at };
	source_read(root, source, &mistakes);
	for (const struct mistake *one = mistakes.first; one != NULL; one = one->next)
		lines = arena_format(&arena, "%s%s\n", lines, one->text);
	return lines;
}

static void
mistakes_are_reported_word_for_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistaken) / sizeof(mistaken[0]); i++) {
		struct source source;
		const char *lines = read(mistaken[i].yaml, &source);

		if (strcmp(lines, mistaken[i].lines) != 0)
			fail_msg("%s: want\n%sgot\n%s", mistaken[i].name, mistaken[i].lines, lines);
	}
}

static void
where_keys_come_from_is_read(void **state)
{
	struct source source;

	(void)state;
	assert_string_equal(read(ISSUER, &source), "");
	assert_int_equal(source.kind, SOURCE_DISCOVERY);
	assert_string_equal(source.place, "https://idp.example");
	assert_int_equal(source.refresh_s, 600);
	assert_int_equal(source.cooldown_s, 30);
	assert_int_equal(source.stale_s, 86400);
	assert_int_equal(source.timeout_ms, 5000);
	assert_null(source.ca_file);
	assert_null(source.proxy);
	assert_string_equal(read(ISSUER "jwks_uri: https://idp.example/k\n"
					"jwks: {timeout: 300ms, ca_file: /ca.pem, proxy: "
					"\"http://proxy:3128\"}\n",
				&source),
	    "");
	assert_int_equal(source.kind, SOURCE_URL);
	assert_string_equal(source.place, "https://idp.example/k");
	assert_int_equal(source.timeout_ms, 300);
	assert_string_equal(source.ca_file, "/ca.pem");
	assert_string_equal(source.proxy, "http://proxy:3128");
	assert_string_equal(read(ISSUER "jwks_file: /keys.json\n", &source), "");
	assert_int_equal(source.kind, SOURCE_FILE);
	assert_string_equal(source.place, "/keys.json");
}

static int
make_arena(void **state)
{
	(void)state;
	arena_init(&arena, 1u << 20);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_http_is_for_loopback_only),
		cmocka_unit_test(mistakes_are_reported_word_for_word),
		cmocka_unit_test(where_keys_come_from_is_read),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

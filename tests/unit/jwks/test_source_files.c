/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "jwks/source_files.h"

static char home[] = "/tmp/test_source_files.XXXXXX";

#define KEYS                                                                                       \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                                            \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                   \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

static void
put(const char *name, const char *text)
{
	struct err err = { "" };

	if (!file_write(name, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static int
enter_home(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL || chdir(home) != 0)
		return -1;
	put("keys", KEYS);
	put("empty", "");
	put("pem", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n");
	put("none", "{\"keys\":[]}");
	put("token", "abc.def\n");
	put("lines", "abc\ndef\n");
	return mkdir("folder", 0700);
}

static int
leave_home(void **state)
{
	static const char *const names[] = { "keys", "empty", "pem", "none", "token", "lines" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	return rmdir("folder") != 0 || chdir("/") != 0 ? -1 : rmdir(home);
}

/* One issuer's map, and what is told of it: "" nothing. */
static const struct {
	const char *yaml, *told;
} cases[] = {
	{ "{jwks_file: keys}", "" },
	{ "{jwks_file: absent}", "/jwks_file: absent: No such file or directory" },
	{ "{jwks_file: empty}", "/jwks_file: empty: is empty" },
	{ "{jwks_file: pem}", "/jwks_file: pem: is PEM; it must be a JWK Set" },
	{ "{jwks_file: none}", "/jwks_file: none: " },
	{ "{jwks_file: folder}", "/jwks_file: folder: Is a directory" },
	{ "{jwks: {ca_file: absent}}", "/jwks/ca_file: absent: No such file" },
	{ "{jwks: {ca_file: pem}}", "/jwks/ca_file: pem: no certificate in PEM" },
	{ "{jwks: {client_certificate: {file: keys}, client_key: {file: pem}}}",
	    "/jwks/client_certificate: keys: no certificate in PEM" },
	{ "{jwks: {client_certificate: {file: keys}, client_key: {file: pem}}}",
	    "/jwks/client_key: pem: no private key in PEM" },
	{ "{jwks: {bearer: {file: token}}}", "" },
	{ "{jwks: {bearer: {file: lines}}}", "/jwks/bearer: lines: not a bearer token" },
	{ "{jwks: {bearer: {file: empty}}}", "/jwks/bearer: empty: not a bearer token" },
};

/* All lines; false: there is no document. */
static bool
check(const char *yaml, bool offline, struct mistakes *mistakes)
{
	struct source source = { .name = "idp", .issuer = "https://idp.example" };
	struct node *root = NULL;

	mistakes->offline = offline;
	if (!document_parse(span_of(yaml), "p.yaml", mistakes, &root))
		return false;
	source_read(root, &source, mistakes);
	source_files_check(&source, root, mistakes);
	return true;
}

static bool
is_told(const struct mistakes *mistakes, const char *text)
{
	for (const struct mistake *one = mistakes->first; one != NULL; one = one->next)
		if (strstr(one->text, text) != NULL)
			return true;
	return false;
}

static void
what_a_file_should_be_is_reported(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		struct mistakes mistakes = { .arena = &arena };
		bool good = cases[i].told[0] == '\0';

		arena_init(&arena, 1 << 20);
		assert_true(check(cases[i].yaml, false, &mistakes));
		if (good != (mistakes.errors == 0) || (!good && !is_told(&mistakes, cases[i].told)))
			fail_msg("%s: want \"%s\", got %zu mistakes, %s", cases[i].yaml,
			    cases[i].told, mistakes.errors,
			    mistakes.first == NULL ? "" : mistakes.first->text);
		assert_non_null(mistakes.inputs.first);
		assert_true(mistakes.inputs.first->watched_elsewhere);
		arena_done(&arena);
	}
}

static void
offline_names_what_it_leaves_out(void **state)
{
	struct arena arena;
	struct mistakes mistakes = { .arena = &arena };

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(check("{jwks_file: absent, jwks: {bearer: {file: lines}}}", true, &mistakes));
	assert_int_equal(mistakes.errors, 0);
	assert_int_equal(mistakes.left_out, 2);
	assert_true(is_told(&mistakes, "/jwks_file: skipped: the key set absent"));
	assert_true(is_told(&mistakes, "/jwks/bearer: skipped: the bearer token lines"));
	assert_null(mistakes.inputs.first);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_should_be_is_reported),
		cmocka_unit_test(offline_names_what_it_leaves_out),
	};

	return cmocka_run_group_tests(tests, enter_home, leave_home);
}

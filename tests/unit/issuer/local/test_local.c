/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/local/local.h"

struct row {
	const char *name;
	const char *yaml;
	const char *mistake; /* part of the only one; NULL: none */
};

#define GOOD "{issuer: \"http://127.0.0.1:8080\", audience: \"api://local\""

/* clang-format off */
static const struct row rows[] = {
	{ "issuer and audience are enough", GOOD "}", NULL },
	{ "all keys", GOOD ", accept: fallback, database: x.db, token_lifetime: 24h, basic: false}", NULL },
	{ "the issuer is required", "{audience: a}", "\"issuer\" is missing" },
	{ "the audience is required", "{issuer: \"http://x\"}", "\"audience\" is missing" },
	{ "the issuer is a URL", "{issuer: x, audience: a}", "/issuer:" },
	{ "the issuer has no query", "{issuer: \"http://x/?a\", audience: a}", "query" },
	{ "one resource", GOOD ", resources: \"https://a.example\"}", NULL },
	{ "several resources, and a role", GOOD ", resources: [\"https://a.example\", \"urn:b\"], introspection_role: probe}", NULL },
	{ "a resource is a URI", GOOD ", resources: [a]}", "/resources:" },
	{ "a resource has no fragment", GOOD ", resources: [\"https://a#b\"]}", "/resources:" },
	{ "accept is one of three words", GOOD ", accept: sometimes}", "/accept:" },
	{ "a lifetime is at least a minute", GOOD ", token_lifetime: 59s}", "/token_lifetime:" },
	{ "a lifetime is at most a day", GOOD ", token_lifetime: 25h}", "/token_lifetime:" },
	{ "a URL of another database is told", GOOD ", database: \"mysql://u:p@h/d\"}",
	  "/database: must be a file or a postgresql:// URL" },
	{ "so is one in capitals", GOOD ", database: \"POSTGRESQL://u:p@h/d\"}",
	  "/database: must be a file or a postgresql:// URL" },
	{ "a URL that cannot be read is told", GOOD ", database: \"postgresql://u:%zz@h/d\"}",
	  "/database: must be a URL that libpq can read" },
	{ "a misspelt key is told", GOOD ", audiance: x}", "/audiance: unknown key" },
};
/* clang-format on */

static void
read_row(const struct row *row)
{
	struct mistakes mistakes = { 0 };
	struct node *root = NULL;
	struct local local = { 0 };
	struct arena arena;

	arena_init(&arena, 1 << 20);
	mistakes.arena = &arena;
	assert_true(document_parse(span_of(row->yaml), "p.yaml", &mistakes, &root));
	local_read(root, "/state", &local, &mistakes);
	if (row->mistake == NULL && mistakes.errors != 0)
		fail_msg("%s: %s", row->name, mistakes.first->text);
	if (row->mistake != NULL &&
	    (mistakes.errors != 1 || strstr(mistakes.first->text, row->mistake) == NULL))
		fail_msg("%s: %zu mistakes, %s", row->name, mistakes.errors,
		    mistakes.first == NULL ? "" : mistakes.first->text);
	if (mistakes.first != NULL)
		assert_null(strstr(mistakes.first->text, "u:p@"));
	arena_done(&arena);
}

static void
mistakes_are_reported(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		read_row(&rows[i]);
}

static void
read_local(const char *yaml, struct arena *arena, struct local *local)
{
	struct mistakes mistakes = { .arena = arena };
	struct node *root = NULL;

	assert_true(document_parse(span_of(yaml), "p.yaml", &mistakes, &root));
	local_read(root, "/state", local, &mistakes);
	assert_int_equal(mistakes.errors, 0);
}

static void
defaults_are_filled_in(void **state)
{
	struct local local = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	read_local(GOOD "}", &arena, &local);
	assert_string_equal(local.issuer, "http://127.0.0.1:8080");
	assert_string_equal(local.audience, "api://local");
	assert_int_equal(local.accept, LOCAL_ALWAYS);
	assert_string_equal(local.database, "/state/postern.db");
	assert_int_equal(local.token_lifetime_s, 3600);
	assert_true(local.basic);
	arena_done(&arena);
}

static void
values_are_read(void **state)
{
	struct local local = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	read_local(GOOD ", accept: never, database: /d/x.db, token_lifetime: 5m, basic: false}",
	    &arena, &local);
	assert_int_equal(local.accept, LOCAL_NEVER);
	assert_string_equal(local.database, "/d/x.db");
	assert_int_equal(local.token_lifetime_s, 300);
	assert_false(local.basic);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_reported),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(values_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/store/postgres_text.h"

static const struct {
	const char *name, *text, *want;
} queries[] = {
	{ "parameters are numbered with a dollar", "SELECT ?1, ?12", "SELECT $1, $12" },
	{ "a text keeps its question mark", "SELECT '?1', ?1", "SELECT '?1', $1" },
	{ "a doubled quote ends no text", "SELECT 'it''s ?1', ?1", "SELECT 'it''s ?1', $1" },
	{ "a name keeps its question mark", "SELECT \"a?1\", ?1", "SELECT \"a?1\", $1" },
	{ "an open quote reaches to the end", "SELECT 'a ?1", "SELECT 'a ?1" },
	{ "types of queries stay", "SELECT INTEGER ?1", "SELECT INTEGER $1" },
};

static const struct {
	const char *name, *text, *want;
} scripts[] = {
	{ "numbers are of 64 bits", "a INTEGER NOT NULL, b INTEGER",
	    "a BIGINT NOT NULL, b BIGINT" },
	{ "texts are compared by bytes", "a TEXT NOT NULL", "a TEXT COLLATE \"C\" NOT NULL" },
	{ "table options are dropped", "t(a TEXT) STRICT, WITHOUT ROWID;",
	    "t(a TEXT COLLATE \"C\");" },
	{ "one table option is dropped", "t(a INTEGER) STRICT; x", "t(a BIGINT); x" },
	{ "a longer word stays", "a TEXTS, b INTEGERS, c STRICTLY",
	    "a TEXTS, b INTEGERS, c STRICTLY" },
	{ "what is quoted stays", "DEFAULT ' TEXT STRICT' TEXT",
	    "DEFAULT ' TEXT STRICT' TEXT COLLATE \"C\"" },
};

static void
queries_are_rewritten(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		buffer_reset(&buffer);
		postgres_text_query(&buffer, queries[i].text);
		if (strcmp(buffer.at, queries[i].want) != 0)
			fail_msg("%s: got %s", queries[i].name, buffer.at);
	}
	buffer_done(&buffer);
}

static void
scripts_are_rewritten(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		buffer_reset(&buffer);
		postgres_text_script(&buffer, scripts[i].text);
		if (strcmp(buffer.at, scripts[i].want) != 0)
			fail_msg("%s: got %s", scripts[i].name, buffer.at);
	}
	buffer_done(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_rewritten),
		cmocka_unit_test(scripts_are_rewritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

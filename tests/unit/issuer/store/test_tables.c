/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "base/buffer.h"
#include "base/span.h"
#include "issuer/store/tables.h"

/* How the same is said in both. */
static const struct {
	const char *sqlite, *postgres;
} words[] = {
	{ " INTEGER NOT NULL", " BIGINT NOT NULL" },
	{ " TEXT NOT NULL", " TEXT COLLATE \"C\" NOT NULL" },
	{ ") STRICT, WITHOUT ROWID", ")" },
	{ ") STRICT", ")" },
};

static const char *
translated(const char *text, struct buffer *out)
{
	struct span rest = span_of(text);

	buffer_reset(out);
	while (rest.len > 0) {
		size_t len = 0;

		for (size_t i = 0; len == 0 && i < sizeof(words) / sizeof(words[0]); i++) {
			if (!span_starts(rest, span_of(words[i].sqlite)))
				continue;
			len = strlen(words[i].sqlite);
			buffer_add_text(out, words[i].postgres);
		}
		if (len == 0) {
			buffer_add_byte(out, rest.at[0]);
			len = 1;
		}
		rest = span_slice(rest, len, rest.len);
	}
	return out->at;
}

static void
both_databases_have_the_same_tables(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 65536);
	assert_string_equal(translated(tables_sqlite.version, &out), tables_postgres.version);
	for (size_t i = 0; i < TABLES_NEWEST; i++)
		assert_string_equal(
		    translated(tables_sqlite.steps[i], &out), tables_postgres.steps[i]);
	buffer_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_databases_have_the_same_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include "issuer/store/sql.h"

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "parameters in their order", "SELECT $1, $2, $3", "one|2|three|" },
	{ "parameters in any order", "SELECT $3, $1, $2 ", "three|one|2|" },
	{ "a parameter that comes twice", "SELECT $2, $1, $2, $3", "2|one|2|three|" },
	{ "a quoted one is text", "SELECT '$2', $3, $1, $2", "$2|three|one|2|" },
	{ "a doubled quote ends no text", "SELECT 'it''s $3', $3, $1, $2", "it's $3|three|one|2|" },
};

struct reading {
	struct buffer got;
	int columns;
};

static bool
take_row(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;

	(void)reterr;
	for (int i = 0; i < reading->columns; i++) {
		buffer_add(&reading->got, sql_column(row, i));
		buffer_add_byte(&reading->got, '|');
	}
	return true;
}

static void
parameters_go_by_their_number(void **state)
{
	struct sql_value values[] = { sql_text("one"), sql_number(2), sql_text("three") };
	struct sql *sql = NULL;

	(void)state;
	if (!sql_open(path, SQL_MAKE, &sql, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading = { .columns = 0 };
		struct sql_query query = { .text = cases[i].text,
			.values = values,
			.count = 3,
			.each = take_row,
			.context = &reading };

		for (const char *at = cases[i].want; *at != '\0'; at++)
			reading.columns += *at == '|';
		buffer_init(&reading.got, 4096);
		if (!sql_run(sql, &query, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		if (strcmp(reading.got.at, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].name, reading.got.at);
		buffer_done(&reading.got);
	}
	sql_close(sql);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(parameters_go_by_their_number) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

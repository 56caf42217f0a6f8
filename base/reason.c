/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reason.h"

struct row {
	const char *word;
	int status;
	const char *error;
	const char *title;
};

#define REASON_ROW(name, word, status, error, title) { word, status, error, title },
static const struct row rows[REASON_COUNT] = { REASON_TABLE(REASON_ROW) };
#undef REASON_ROW

/* For a value that is not in the table: a bug. It must never look like a permission. */
static const struct row no_row = { "not_a_reason", 500, "", "The gate made a mistake" };

static const struct row *
row_of(enum reason reason)
{
	return (unsigned)reason < REASON_COUNT ? &rows[reason] : &no_row;
}

const char *
reason_word(enum reason reason)
{
	return row_of(reason)->word;
}

int
reason_status(enum reason reason)
{
	return row_of(reason)->status;
}

const char *
reason_error(enum reason reason)
{
	return row_of(reason)->error;
}

const char *
reason_title(enum reason reason)
{
	return row_of(reason)->title;
}

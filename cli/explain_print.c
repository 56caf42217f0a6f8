/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/explain_text.h"

#define TEXT_MAX (1u << 20)

static void
print_json(const json_t *said)
{
	if (json_dumpf(said, stdout, JSON_INDENT(2)) == 0)
		(void)fputc('\n', stdout);
}

/* On a terminal that can, unless its owner wants none (no-color.org). */
static bool
wants_colour(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
	/* NOLINTEND(concurrency-mt-unsafe) */

	return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0') && kind != NULL &&
	       strcmp(kind, "dumb") != 0;
}

static void
print_text(const json_t *said)
{
	struct buffer text;

	buffer_init(&text, TEXT_MAX);
	explain_text(said, wants_colour(), &text);
	(void)fwrite(text.at == NULL ? "" : text.at, 1, text.len, stdout);
	buffer_done(&text);
}

void
explain_print(const json_t *said, bool json)
{
	if (json)
		print_json(said);
	else
		print_text(said);
}

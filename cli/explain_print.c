/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_print.h"

#include <stdio.h>

static void
print_json(const struct explanation *explanation)
{
	json_t *object = explain_json(explanation);

	if (object != NULL && json_dumpf(object, stdout, JSON_INDENT(2)) == 0)
		(void)fputc('\n', stdout);
	json_decref(object);
}

static void
print_text(const struct explanation *explanation)
{
	struct buffer text;

	buffer_init(&text, 1u << 20);
	explain_text(explanation, &text);
	(void)fwrite(text.at == NULL ? "" : text.at, 1, text.len, stdout);
	buffer_done(&text);
}

void
explain_print(const struct explanation *explanation, bool json)
{
	if (json)
		print_json(explanation);
	else
		print_text(explanation);
}

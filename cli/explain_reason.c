/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_reason.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "base/reason_page.h"

#define PAGE_MAX (1u << 16)

bool
explain_reason_meant(const char *argument)
{
	return argument[0] != '\0' &&
	       argument[strspn(argument, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

int
explain_reason(const char *word)
{
	enum reason reason;
	struct buffer text;
	struct err err;

	if (!reason_page_find(span_of(word), &reason, &err))
		return command_trouble_at("explain", &err);
	buffer_init(&text, PAGE_MAX);
	reason_page_text(reason, &text);
	(void)fwrite(text.at == NULL ? "" : text.at, 1, text.len, stdout);
	buffer_done(&text);
	return EXIT_YES;
}

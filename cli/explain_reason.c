/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_reason.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/explain_print.h"
#include "base/reason_page.h"

#define PAGE_MAX (1u << 16)

bool
explain_reason_meant(const char *argument)
{
	return argument[0] != '\0' &&
	       argument[strspn(
		   argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")] == '\0';
}

static void
print_text(enum reason reason)
{
	struct buffer text;

	buffer_init(&text, PAGE_MAX);
	reason_page_text(reason, &text);
	(void)fwrite(text.at == NULL ? "" : text.at, 1, text.len, stdout);
	buffer_done(&text);
}

static void
print_json(enum reason reason)
{
	struct reason_page page = reason_page_of(reason);
	json_t *said = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "reason", reason_word(reason),
	    "status", reason_status(reason), "title", reason_title(reason), "cause", page.cause,
	    "see", page.see, "remedy", page.remedy);

	explain_print(said, true);
	json_decref(said);
}

int
explain_reason(const char *word, bool json)
{
	enum reason reason;
	struct err err;

	if (!reason_page_find(span_of(word), &reason, &err))
		return command_trouble_at("explain", &err);
	(json ? print_json : print_text)(reason);
	return EXIT_YES;
}

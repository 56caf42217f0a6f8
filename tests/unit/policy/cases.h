/* SPDX-License-Identifier: Apache-2.0 */
/* cases - the text tables of tests/cases, line by line. A table without a case fails. */
#ifndef POSTERN_TESTS_POLICY_CASES_H
#define POSTERN_TESTS_POLICY_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

struct cases {
	const char *name; /* of the file */
	FILE *file;
	char line[4096];
	int number;    /* of the line */
	size_t count;  /* cases so far */
	size_t failed; /* of them */
};

static inline void
cases_open(struct cases *cases, const char *name)
{
	char path[4096];

	*cases = (struct cases){ .name = name };
	(void)snprintf(path, sizeof(path), "%s/%s", CASES, name);
	cases->file = fopen(path, "r");
	if (cases->file == NULL)
		fail_msg("%s: cannot be opened", path);
}

/* The next line that is no comment; lent until the next one. */
static inline bool
cases_next(struct cases *cases, struct span *ret_line)
{
	while (fgets(cases->line, sizeof(cases->line), cases->file) != NULL) {
		struct span line = span_of(cases->line);

		cases->number++;
		line.len = strcspn(cases->line, "\n");
		line = span_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		cases->count++;
		*ret_line = line;
		return true;
	}
	return false;
}

/* Cut the next word off. An empty span when there is none. */
static inline struct span
cases_word(struct span *line)
{
	struct span word = *line;

	word.len = 0;
	while (word.len < line->len && line->at[word.len] != ' ' && line->at[word.len] != '\t')
		word.len++;
	*line = span_trim(span_slice(*line, word.len, line->len));
	return word;
}

/* Undo \xNN and \s, in place. */
static inline void
cases_unescape(struct span *word)
{
	char *out = (char *)(uintptr_t)word->at;
	size_t len = 0;

	for (size_t i = 0; i < word->len; i++) {
		if (word->len - i > 3 && memcmp(word->at + i, "\\x", 2) == 0) {
			char digits[3] = { word->at[i + 2], word->at[i + 3], '\0' };

			out[len++] = (char)strtoul(digits, NULL, 16);
			i += 3;
		} else if (word->len - i > 1 && memcmp(word->at + i, "\\s", 2) == 0) {
			out[len++] = ' ';
			i++;
		} else {
			out[len++] = word->at[i];
		}
	}
	word->len = len;
}

/* Tell a case that failed; the others go on. */
static inline void
cases_fail(struct cases *cases, struct span want, struct span got)
{
	cases->failed++;
	print_error("%s:%d: want %.*s, got %.*s\n", cases->name, cases->number, SPAN_ARG(want),
	    SPAN_ARG(got));
}

static inline void
cases_close(struct cases *cases)
{
	(void)fclose(cases->file);
	if (cases->count == 0)
		fail_msg("%s: holds no case", cases->name);
	if (cases->failed > 0)
		fail_msg("%s: %zu of %zu cases failed", cases->name, cases->failed, cases->count);
}

#endif

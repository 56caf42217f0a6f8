/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/postgres_text.h"

#include <string.h>

/* A word of SQLite's, and ours. Order matters: the longer one first. */
static const struct {
	struct span from;
	const char *to;
} words[] = {
	{ { " STRICT, WITHOUT ROWID", 22 }, "" },
	{ { " WITHOUT ROWID, STRICT", 22 }, "" },
	{ { " WITHOUT ROWID", 14 }, "" },
	{ { " STRICT", 7 }, "" },
	{ { " INTEGER", 8 }, " BIGINT" },
	{ { " TEXT", 5 }, " TEXT COLLATE \"C\"" },
};

static bool
in_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_';
}

/* Copy what stands in quotes, with them. A quote within is doubled: that looks like two. */
static struct span
copy_quoted(struct buffer *buffer, struct span rest)
{
	size_t end = 1 + span_find(span_slice(rest, 1, rest.len), rest.at[0]);

	buffer_add(buffer, span_slice(rest, 0, end + 1));
	return span_slice(rest, end + 1, rest.len);
}

void
postgres_text_query(struct buffer *buffer, const char *text)
{
	struct span rest = span_of(text);

	while (rest.len > 0) {
		if (rest.at[0] == '\'' || rest.at[0] == '"') {
			rest = copy_quoted(buffer, rest);
			continue;
		}
		buffer_add_byte(buffer, rest.at[0] == '?' ? '$' : rest.at[0]);
		rest = span_slice(rest, 1, rest.len);
	}
}

/* The word that `rest` starts with. NULL: none of them. */
static const char *
replaced(struct span rest, size_t *ret_len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span from = words[i].from;

		if (span_starts(rest, from) &&
		    (rest.len == from.len || !in_name(rest.at[from.len]))) {
			*ret_len = from.len;
			return words[i].to;
		}
	}
	return NULL;
}

void
postgres_text_script(struct buffer *buffer, const char *text)
{
	struct span rest = span_of(text);
	const char *to;
	size_t len;

	while (rest.len > 0) {
		if (rest.at[0] == '\'' || rest.at[0] == '"') {
			rest = copy_quoted(buffer, rest);
			continue;
		}
		to = replaced(rest, &len);
		if (to == NULL) {
			buffer_add_byte(buffer, rest.at[0]);
			len = 1;
		} else {
			buffer_add_text(buffer, to);
		}
		rest = span_slice(rest, len, rest.len);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/backend_check.h"

#include <string.h>

struct check_row {
	const char *path;
	int64_t every_ms;
};

const struct field backend_check_fields[] = {
	{ .key = "path",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct check_row, path),
	    .required = true,
	    .help = "what each address is asked for with GET; it is well if the answer is 2xx or "
		    "3xx" },
	{ .key = "every",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct check_row, every_ms),
	    .default_value = "10s",
	    .min = 100,
	    .max = 3600000,
	    .help = "the time between two questions" },
	{ .key = NULL },
};

/* The path-absolute and query of a target, as they are sent (RFC 9112 section 3.2.1). */
static bool
is_target(const char *text)
{
	if (text[0] != '/' || strlen(text) > 1024)
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '#')
			return false;
	return true;
}

void
backend_check_read(const struct node *map, struct backend *backend, struct mistakes *mistakes)
{
	struct check_row row = { 0 };

	if (map == NULL)
		return;
	schema_read(map, backend_check_fields, &row, mistakes);
	if (row.path != NULL && !is_target(row.path))
		mistake_at(mistakes, document_get(map, "path"), "must be a path such as /health");
	backend->check_path = row.path;
	backend->check_every_ms = row.every_ms;
}

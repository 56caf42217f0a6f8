/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_schema - the rows that read a file, as a JSON Schema (draft 2020-12) for editors.
 *
 * Uses:   base (schema, json).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_JSON_SCHEMA_H
#define POSTERN_CLI_JSON_SCHEMA_H

#include "base/check.h"
#include "base/json.h"
#include "base/schema.h"

/* The rows of a map whose keys and values are nobody's business here, such as claims. */
extern const struct field json_schema_anything[];

/*
 * The schema of a file. It takes whatever the rows take: a valid file never breaks it. What is
 * checked beyond the rows (names that must exist, keys that need each other) is not in it.
 *
 * sections  their pointers, ended by NULL; "" is the top. In a pointer NAME stands for any name,
 * and
 *           "-" for each entry of a list. In place of a section whose row has `words`, one of them
 *           will do.
 * Returns it given: json_decref() it. NULL: no memory.
 */
MUST_CHECK json_t *json_schema(const struct schema_section *sections, const char *title);

#endif

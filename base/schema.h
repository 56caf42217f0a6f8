/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema - one row per configuration key: it checks, fills in the default and feeds the manual.
 *
 * Uses:   document, nearest, secret, url.
 * Pure:   yes, but for `{env: NAME}` and `{file: PATH}` in FIELD_SECRET.
 */
#ifndef POSTERN_BASE_SCHEMA_H
#define POSTERN_BASE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/document.h"
#include "base/url.h"

enum field_type {
	FIELD_TEXT,        /* const char *: any scalar, not empty */
	FIELD_TEXTS,       /* struct texts: one scalar or a list of scalars */
	FIELD_BOOL,        /* bool: true | false */
	FIELD_COUNT,       /* int64_t: plain digits */
	FIELD_DURATION_S,  /* int64_t seconds: 90, 30s, 10m, 24h, 7d */
	FIELD_DURATION_MS, /* int64_t milliseconds: 500ms, 5s, … */
	FIELD_SIZE,        /* int64_t bytes: 512, 16k, 1m, 1g (powers of 1024) */
	FIELD_WORD,        /* int: index into `words` */
	FIELD_URL,         /* const char *: what url_read() takes, with the parts in `url` */
	FIELD_PATH,     /* const char *: of a file or folder, relative to the file that names it */
	FIELD_POINTER,  /* const char *: JSON Pointer */
	FIELD_POINTERS, /* struct texts: one or a list of JSON Pointers */
	FIELD_SECRET,   /* const char *: text, {env: NAME} or {file: PATH} */
	FIELD_MAP,      /* const struct node *: a map, read on by the caller */
	FIELD_LIST,     /* const struct node *: a list, read on by the caller */
	FIELD_NODE      /* const struct node *: anything, read on by the caller */
};

/* A list of C strings, all lent by the document's arena. */
struct texts {
	const char **at;
	size_t count;
	const struct node *node; /* for messages; NULL when not given */
};

/* Do both hold the same texts in the same order? */
bool schema_texts_same(const struct texts *a, const struct texts *b);

/* Another name for one of `words` that people know: not accepted, only for a hint. */
struct field_alias {
	const char *typed, *word; /* `typed` is compared without case; NULL ends a list */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset; /* offsetof() in the struct that is filled */
	bool required;
	int64_t min, max;                  /* numbers; both 0: no bounds */
	const char *default_value;         /* default, as it would be written; NULL: zeroed */
	const char *const *words;          /* FIELD_WORD: NULL-terminated */
	const struct field_alias *aliases; /* FIELD_WORD; NULL: none */
	unsigned url;                      /* FIELD_URL: the parts that it may have, URL_… */
	const char *help;                  /* one line for the manual */
};

/* The rows of one map of a file: of the one at that JSON Pointer, in which NAME stands for any
 * name.
 */
struct schema_section {
	const char *pointer;
	const struct field *fields;
};

/*
 * Read `map` into `into` by `fields` (last row: key NULL). Every mistake is reported: unknown key,
 * missing required key, wrong type, out of bounds. Defaults are filled in first, so `into` is
 * usable even after mistakes. A NULL map counts as an empty one; then missing keys are reported at
 * `parent`.
 */
void schema_read(
    const struct node *map, const struct field *fields, void *into, struct mistakes *mistakes);

/* Read one scalar as FIELD_DURATION_S, FIELD_DURATION_MS, FIELD_SIZE or FIELD_COUNT. */
MUST_CHECK bool schema_number(struct span text, enum field_type type, int64_t *ret_value);

#endif

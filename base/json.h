/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - JSON from outside, read strictly and with limits, by jansson or, where json_plain() can,
 * by that.
 *
 * Uses:   span, err, buffer, file.
 * Pure:   yes (allocates), but for json_read_file().
 * Limits: the caller's size; JSON_MAX_DEPTH levels, found by a scan in constant stack before
 *         jansson, which recurses, sees a byte. Safe on a 100 KiB stack.
 */
#ifndef POSTERN_BASE_JSON_H
#define POSTERN_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

#define JSON_MAX_DEPTH 32

/*
 * Parse one JSON document (RFC 8259): UTF-8, no duplicate member names, no NUL, nothing after it.
 * The top-level value may have any type. A number that neither int64 nor double can hold (RFC 8259
 * section 6 sets no limit) becomes a value of its own kind, which only json_number_text() can read;
 * it is not a number, string or list.
 *
 * ret_json  given: json_decref() it. Set on success only.
 */
MUST_CHECK bool json_read(
    struct span text, size_t max_bytes, json_t **ret_json, struct err *reterr);

/* Read a JSON file. The error names the file. */
MUST_CHECK bool json_read_file(
    const char *path, size_t max_bytes, json_t **ret_json, struct err *reterr);

/*
 * The value at a JSON Pointer (RFC 6901), lent by `root`; NULL if there is none. "" is the root
 * itself. A pointer that does not start with "/" finds nothing.
 */
json_t *json_at(const json_t *root, struct span pointer);

/* Is `pointer` well formed by RFC 6901 section 3? */
bool json_pointer_valid(struct span pointer);

/* The text of a member, lent; "" if there is none, or it is no text. */
const char *json_member_text(const json_t *object, const char *key);

/* The bytes of a JSON string, lent; an empty span with at == NULL if it is not a string. */
struct span json_text(const json_t *value);

/* The member of an object, lent; NULL when it is absent, null, or `object` is no object: for
 * optional members, where null means absent. */
json_t *json_member(const json_t *object, const char *name);

#endif

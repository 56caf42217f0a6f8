/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors - which pages of other origins a browser may let call an API: `cors` of a module and of the
 * local issuer (Fetch Standard, section 3.3).
 *
 * Uses:   document, schema, buffer, header_line.
 * Pure:   yes, once read. Safe to read from any thread.
 */
#ifndef POSTERN_BASE_CORS_H
#define POSTERN_BASE_CORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/document.h"
#include "base/schema.h"
#include "base/span.h"

/* All texts are lent by the document's arena. */
struct cors {
	struct texts origins; /* as a browser writes them, or "*" alone */
	struct texts methods, headers, expose;
	bool credentials; /* cookies and client certificates may come with a call */
	int64_t max_age_s;
};

/* The keys of `cors`; for the manual. */
extern const struct field cors_fields[];

/* Read `cors`. Every mistake is reported. NULL: `map` is NULL, or there is no memory, which is a
 * mistake, too. */
const struct cors *cors_read(const struct node *map, struct mistakes *mistakes);

/* May pages of this origin call? It is compared byte for byte; `null`, which is every page that
 * hides its origin, may call only where "*" may. */
bool cors_allows(const struct cors *cors, struct span origin);

/*
 * Append the header lines of an answer to a request from `origin` (at == NULL: it names none, or
 * more than one): Access-Control-Allow-Origin, -Allow-Credentials and -Expose-Headers if the origin
 * is allowed, and Vary in any case.
 */
void cors_add_answer(const struct cors *cors, struct span origin, struct buffer *lines);

/* Append the header lines of the answer to a preflight from an origin that is allowed. */
void cors_add_preflight(const struct cors *cors, struct span origin, struct buffer *lines);

#endif

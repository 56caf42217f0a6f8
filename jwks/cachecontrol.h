/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cachecontrol - how long an HTTP response is fresh, by its Cache-Control and Age (RFC 9111).
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_JWKS_CACHECONTROL_H
#define POSTERN_JWKS_CACHECONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* The directives found in the header lines of one response so far. Start with
 * CACHECONTROL_UNSAID. */
struct cachecontrol {
	bool forbidden;    /* no-store or no-cache, on any line */
	int64_t max_age_s; /* the smallest max-age found; -1: none */
	int64_t age_s;     /* -1: none */
};

#define CACHECONTROL_UNSAID ((struct cachecontrol){ .max_age_s = -1, .age_s = -1 })

/* One Cache-Control line (section 5.2.2). Directives that do not concern freshness, and a max-age
 * that is not a number, are ignored; quoted strings are skipped. */
void cachecontrol_read(struct cachecontrol *said, struct span value);

/* One Age line (section 5.1). */
void cachecontrol_read_age(struct cachecontrol *said, struct span value);

/* Seconds for which the response is still fresh: 0 for no-store and no-cache, else max-age minus
 * Age, never below 0; -1 if there was no such directive. */
int64_t cachecontrol_fresh_s(const struct cachecontrol *said);

#endif

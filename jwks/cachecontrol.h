/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cachecontrol - how long an HTTP answer is fresh, by its Cache-Control and Age (RFC 9111).
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_JWKS_CACHECONTROL_H
#define POSTERN_JWKS_CACHECONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* What the header lines of one answer said so far. Start with CACHECONTROL_UNSAID. */
struct cachecontrol {
	bool forbidden;    /* no-store or no-cache, on any line */
	int64_t max_age_s; /* the least that was said; -1: not said */
	int64_t age_s;     /* -1: not said */
};

#define CACHECONTROL_UNSAID ((struct cachecontrol){ .max_age_s = -1, .age_s = -1 })

/* One Cache-Control line (section 5.2.2). Directives that are not about freshness, and a max-age
 * that is no number, are passed over; commas and words within quotes are no directives. */
void cachecontrol_read(struct cachecontrol *said, struct span value);

/* One Age line (section 5.1). */
void cachecontrol_read_age(struct cachecontrol *said, struct span value);

/* Seconds the answer is still fresh: 0 for no-store and no-cache, max-age minus Age otherwise and
 * never below 0; -1 when nothing was said. */
int64_t cachecontrol_fresh_s(const struct cachecontrol *said);

#endif

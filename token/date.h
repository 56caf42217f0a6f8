/* SPDX-License-Identifier: Apache-2.0 */
/*
 * date - a NumericDate (RFC 7519 section 2) as whole Unix seconds.
 *
 * Uses:   base.
 * Pure:   yes.
 * Limits: 0 .. DATE_MAX_S, so that adding a skew or an age cannot overflow.
 */
#ifndef POSTERN_TOKEN_DATE_H
#define POSTERN_TOKEN_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/check.h"

/* The last second of the year 9999. */
#define DATE_MAX_S INT64_C(253402300799)

/* A fractional date rounded down and up; both are equal for whole seconds. */
struct date {
	bool present;
	int64_t floor_s, ceiling_s;
};

/*
 * Read a claim. NULL is an absent one, which is no failure. False: it is not a number (null is
 * not, either) or out of bounds.
 */
MUST_CHECK bool date_read(const json_t *claim, struct date *ret_date);

#endif

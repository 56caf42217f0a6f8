/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digits - numbers as ASCII digits: no sign, no white space, no locale, no overflow.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_DIGITS_H
#define POSTERN_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

/* The value of a hexadecimal digit, -1 if it is none. */
int digits_hex(char c);

/* Cut the decimal digits off the front of *rest. False: there is none, or int64 does not hold the
 * number; then *rest is as before. */
MUST_CHECK bool digits_cut(struct span *rest, int64_t *ret_value);

/* Read a text of 1..most decimal digits and nothing else. */
MUST_CHECK bool digits_read(struct span text, size_t max, int64_t *ret_value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the only place that asks what time it is.
 *
 * Uses:   err, span.
 * Shell:  reads the system's clocks. Everything that judges takes the time as a value.
 */
#ifndef POSTERN_BASE_CLOCK_H
#define POSTERN_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

/* Unix seconds. */
int64_t clock_now_s(void);

/* Microseconds since some start, never going back: for deadlines and durations. */
int64_t clock_mono_us(void);

/* The same in seconds, of an earlier start: more than any age, so that "so long ago" can be taken
 * off it, and never near 0. For waits that no clock that is set may stretch or end. */
int64_t clock_mono_s(void);

/* The Unix second in which the second `mono_s` of clock_mono_s() began, given both clocks read
 * together, in microseconds. The two clocks do not tick at once: an age told by Unix seconds is
 * never less than the one that clock_mono_s() tells, and at most a second more. Pure. */
int64_t clock_unix_of_mono(int64_t mono_s, int64_t now_us, int64_t mono_us);

/* Unix seconds (digits) or RFC 3339 ("2026-11-23T12:00:00Z"). False: neither. Pure. */
MUST_CHECK bool clock_parse(struct span text, int64_t *ret_s);

/* RFC 3339 in UTC with milliseconds, of Unix microseconds. `out` takes 32 bytes. Pure. */
void clock_format(int64_t unix_us, char out[32]);

/* An HTTP date (RFC 9110 section 5.6.7, IMF-fixdate) in 29 bytes and a NUL, of Unix seconds of the
 * years 0 to 9999. Pure. */
#define CLOCK_HTTP_BYTES 30
void clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_BYTES]);

/* The same of now, made once a second. Lent until this thread asks again. */
const char *clock_http_now(void);

/* Unix microseconds. */
int64_t clock_now_us(void);

#endif

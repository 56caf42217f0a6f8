/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the only module that reads the system's clocks.
 *
 * Uses:   err, span.
 * Shell:  reads the system's clocks. Code that makes decisions takes the time as an argument.
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

/* The same as it was at the system's latest tick, a few milliseconds ago at most, and so before an
 * earlier clock_mono_us() perhaps: for deadlines and ages, at a quarter of the cost. */
int64_t clock_tick_us(void);

/* That in seconds, with an offset larger than any age, so that an age can be subtracted and the
 * result is never near 0. For waits that must not change when the system's clock is set. */
int64_t clock_mono_s(void);

/* The Unix second in which the second `mono_s` of clock_mono_s() began, given both clocks read
 * together, in microseconds. The two clocks do not tick at the same moment: an age in Unix seconds
 * is never less than the age by clock_mono_s(), and at most one second more. Pure. */
int64_t clock_unix_of_mono(int64_t mono_s, int64_t now_us, int64_t mono_us);

/* Unix seconds (digits) or RFC 3339 ("2026-11-23T12:00:00Z"). False: neither. Pure. */
MUST_CHECK bool clock_parse(struct span text, int64_t *ret_s);

/* RFC 3339 in UTC with milliseconds, of Unix microseconds. `out` takes 32 bytes. Pure. */
void clock_format(int64_t unix_us, char out[32]);

/* An HTTP date (RFC 9110 section 5.6.7, IMF-fixdate) in 29 bytes and a NUL, of Unix seconds of the
 * years 0 to 9999. Pure. */
#define CLOCK_HTTP_BYTES 30
void clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_BYTES]);

/* The same for the current time, formatted once a second. Lent until this thread's next call. */
const char *clock_http_now(void);

/* clock_format() of the current time, of which all but the milliseconds is made once a second. Lent
 * until this thread's next call. */
const char *clock_text_now(void);

/* Unix microseconds. */
int64_t clock_now_us(void);

#endif

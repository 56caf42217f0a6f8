/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - attributes that let the compiler enforce our rules, or keep it from what costs us.
 */
#ifndef POSTERN_BASE_CHECK_H
#define POSTERN_BASE_CHECK_H

/* The caller must check the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* printf-like: `at` is the place of the format, `from` of the first argument. */
#define PRINTF_LIKE(at, from) __attribute__((format(printf, at, from)))

/* It has a large array of its own: not to be made a part of its callers, whose frames would grow by
 * it, and every page of a frame is touched. */
#define OWN_FRAME __attribute__((noinline))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - attributes that let the compiler enforce our rules.
 */
#ifndef POSTERN_BASE_CHECK_H
#define POSTERN_BASE_CHECK_H

/* The caller must check the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* printf-like: `at` is the place of the format, `from` of the first argument. */
#define PRINTF_LIKE(at, from) __attribute__((format(printf, at, from)))

#endif

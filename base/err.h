/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - an error of our own (file, network, memory) as one line that an operator can act on.
 *
 * Uses:   nothing.
 * Pure:   yes; only the shell (cli, proxy) prints it.
 *
 * A function that can fail returns bool, takes `struct err *reterr` last and sets it on failure
 * only. A caller that can add context prepends it with err_within(). A refused request is not an
 * err: see reason.h.
 */
#ifndef POSTERN_BASE_ERR_H
#define POSTERN_BASE_ERR_H

#include <stdbool.h>

#include "base/check.h"

struct err {
	char text[512]; /* NUL-terminated; longer text is cut */
};

/* Set the text. Always returns false, so a failing function can return it. */
bool err_set(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Set the text to "TEXT: strerror(number)". Always returns false. */
bool err_errno(struct err *err, int number, const char *format, ...) PRINTF_LIKE(3, 4);

/* The text for "out of memory", for callers that must recognise this cause. */
#define ERR_MEMORY "out of memory"

/* Is it ERR_MEMORY and nothing else? */
bool err_is_memory(const struct err *err);

/* Prepend "TEXT: ". Always returns false. */
bool err_within(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif

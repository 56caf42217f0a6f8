/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - our own trouble (file, network, memory) as one line an operator can act on.
 *
 * Uses:   nothing.
 * Pure:   yes; only the shell (cli, proxy) prints it.
 *
 * A function that can fail returns bool, takes `struct err *reterr` last and sets it on failure
 * only. Each caller that knows more writes in front of it with err_within(). A refusal of
 * somebody's request is not an err: see reason.h.
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

/* What is said when there is no memory, where it matters to the caller that it was that. */
#define ERR_MEMORY "out of memory"

/* Is it ERR_MEMORY and nothing else? */
bool err_is_memory(const struct err *err);

/* Put "TEXT: " in front of what is there. Always returns false. */
bool err_within(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif

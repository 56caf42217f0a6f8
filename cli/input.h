/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input - a token from the command line or from standard input.
 *
 * Uses:   base.
 */
#ifndef POSTERN_CLI_INPUT_H
#define POSTERN_CLI_INPUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

#define INPUT_MAX_TOKEN (4u << 20)

/* `argument` itself, or with "-" standard input up to its end, without a last line end. */
MUST_CHECK bool input_token(const char *argument, struct buffer *token, struct err *reterr);

/* An OPTION_READ of options.h: `field` is an int64_t, Unix seconds, from Unix seconds or RFC 3339.
 */
const char *input_time(const char *value, void *field);

#endif

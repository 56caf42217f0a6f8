/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_input - read a password from the terminal or from standard input; never from an argument,
 * which every user of the machine can read.
 *
 * Uses:   base.
 * Shell:  the terminal.
 */
#ifndef POSTERN_CLI_SECRET_INPUT_H
#define POSTERN_CLI_SECRET_INPUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

#define SECRET_INPUT_MAX 4096

/*
 * Ask twice without echo when standard input is a terminal; else its one line, without the line
 * end. `secret` is an empty buffer: buffer_wipe() it.
 */
MUST_CHECK bool secret_input(const char *prompt, struct buffer *secret, struct err *reterr);

#endif

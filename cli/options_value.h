/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_value - the value of one option: where it goes, or what is wrong with it.
 *
 * Uses:   nearest, options.
 */
#ifndef POSTERN_CLI_OPTIONS_VALUE_H
#define POSTERN_CLI_OPTIONS_VALUE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/options.h"

/* Store it in the field of the command's line that the option names; a list must have room for one
 * more text. `value` is borrowed as long as the line; of a flag it is not looked at. False: reterr
 * says what it must be. */
MUST_CHECK bool options_value_store(
    const struct command_option *option, const char *value, void *field, struct err *reterr);

#endif

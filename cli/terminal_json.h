/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal_json - texts from elsewhere, printed so that a terminal obeys nothing in them.
 *
 * Uses:   base (json).
 * Shell:  writes to standard output.
 */
#ifndef POSTERN_CLI_TERMINAL_JSON_H
#define POSTERN_CLI_TERMINAL_JSON_H

#include "base/json.h"

/* Print the value as JSON on one line of printable ASCII; "(none)" for NULL. */
void terminal_json(const json_t *value);

#endif

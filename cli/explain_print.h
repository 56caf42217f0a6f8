/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_print - an explanation on standard output.
 *
 * Uses:   policy (explain_text), base (json).
 * Shell:  writes standard output.
 */
#ifndef POSTERN_CLI_EXPLAIN_PRINT_H
#define POSTERN_CLI_EXPLAIN_PRINT_H

#include <stdbool.h>

#include "base/json.h"

/* Print what explain_json() gives for people or, `json`, as one object for programs. Without memory
 * nothing is printed. */
void explain_print(const json_t *said, bool json);

#endif

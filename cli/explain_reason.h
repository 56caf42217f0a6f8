/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_reason - `postern explain REASON`: what a refusal is about, apart from any request.
 *
 * Uses:   reason_page, command, explain_print.
 * Shell:  standard output and standard error.
 */
#ifndef POSTERN_CLI_EXPLAIN_REASON_H
#define POSTERN_CLI_EXPLAIN_REASON_H

#include <stdbool.h>

/* Is the argument written as reasons are, and as no path is? */
bool explain_reason_meant(const char *argument);

/* Print the page of a reason, `json` as an object {reason, status, title, cause, see, remedy}.
 * Returns EXIT_YES, or EXIT_TROUBLE when there is no such reason. */
int explain_reason(const char *word, bool json);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * junit - results of tests as the XML that CI systems read, in the form of Apache Ant's JUnit task.
 *
 * Uses:   base (buffer).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_JUNIT_H
#define POSTERN_CLI_JUNIT_H

#include <stddef.h>

#include "base/buffer.h"

/* Begin a report. All texts are UTF-8; what XML 1.0 cannot hold is written as U+FFFD. Check
 * buffer->failed at the end. */
void junit_begin(struct buffer *buffer, size_t tests, size_t failures);

/* Add a test of a file; `failure` NULL: it passed. */
void junit_case(struct buffer *buffer, const char *file, const char *name, const char *failure);

/* End the report. */
void junit_end(struct buffer *buffer);

#endif

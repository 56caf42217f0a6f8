/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_line - header lines of a request or an answer (RFC 9112 section 5), as they are sent.
 *
 * Uses:   buffer.
 * Pure:   yes. Names and values are written as they are: whoever has them from outside checks them
 *         first.
 */
#ifndef POSTERN_BASE_HEADER_LINE_H
#define POSTERN_BASE_HEADER_LINE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

/* Append "NAME: VALUE" with its CRLF. */
void header_line_add(struct buffer *head, struct span name, struct span value);

/* The same with a decimal number. */
void header_line_add_number(struct buffer *head, struct span name, int64_t value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_text - any text as a YAML scalar that is read as that text again.
 *
 * Uses:   base (buffer, span, utf8).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_YAML_TEXT_H
#define POSTERN_CLI_YAML_TEXT_H

#include "base/buffer.h"
#include "base/span.h"

/* Append it in double quotes, with whatever is not printable ASCII escaped (YAML 1.1 section 5.7):
 * no byte of it can end the string or the line. Bytes that are not UTF-8 become U+FFFD. */
void yaml_text_quoted(struct buffer *out, struct span text);

/* The same, but as it is where quotes would change nothing: names, paths and URLs of letters,
 * digits and harmless signs. */
void yaml_text_add(struct buffer *out, struct span text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_text - an explanation for people, made from the one for programs.
 *
 * Uses:   base (buffer, json).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_POLICY_EXPLAIN_TEXT_H
#define POSTERN_POLICY_EXPLAIN_TEXT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/json.h"

/*
 * One fact per line, "name: value"; text from outside is quoted and escaped. Check buffer->failed.
 *
 * said    what explain_json() gives, or a part of it: a member that is not there has no line.
 * colour  with the escapes of a terminal (ECMA-48).
 */
void explain_text(const json_t *said, bool colour, struct buffer *buffer);

#endif

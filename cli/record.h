/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - a case for `postern test` from a request that was made: the roles and scopes that the
 * caller held, and what was decided.
 *
 * Uses:   base (buffer, document, json).
 * Pure:   yes.
 */
#ifndef POSTERN_CLI_RECORD_H
#define POSTERN_CLI_RECORD_H

#include "base/buffer.h"
#include "base/check.h"
#include "base/json.h"

/*
 * Append a file of one case, in YAML.
 *
 * said  what the gate keeps of the request: see recent_keep_json().
 * Returns NULL, or why no case can be made of it: static.
 */
MUST_CHECK const char *record_case(const json_t *said, struct buffer *text);

/* The same behind the cases of a file, which stay as they are byte for byte. */
MUST_CHECK const char *record_append(const json_t *said, struct span former, struct buffer *text);

#endif

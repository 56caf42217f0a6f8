/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - may this stand in a name, a log line, a terminal?
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_TEXT_H
#define POSTERN_ISSUER_TEXT_H

#include <stdbool.h>

#include "base/span.h"

/* UTF-8 without control characters: U+0000..U+001F, U+007F..U+009F. The empty text is. */
bool text_plain(struct span text);

#endif

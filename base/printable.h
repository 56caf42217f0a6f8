/* SPDX-License-Identifier: Apache-2.0 */
/*
 * printable - outside text in our own lines, for people at a terminal.
 *
 * Uses:   buffer, utf8.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_BASE_PRINTABLE_H
#define POSTERN_BASE_PRINTABLE_H

#include <stddef.h>

#include "base/buffer.h"

/*
 * Append it so that it ends no line, moves no cursor, and hides and reorders nothing: controls,
 * spaces that do not break, and what has no width or sets the direction, as \xNN or \uNNNN.
 *
 * most  so many bytes of it, to the end of a character, and then "…"; SIZE_MAX: all.
 */
void printable_add(struct buffer *line, struct span text, size_t most);

#endif

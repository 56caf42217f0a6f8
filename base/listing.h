/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing - the files that a path with a `*` in its last component means.
 *
 * Uses:   arena, buffer, err, inputs.
 * Shell:  reads a directory.
 * Limits: LISTING_MAX files.
 */
#ifndef POSTERN_BASE_LISTING_H
#define POSTERN_BASE_LISTING_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

#define LISTING_MAX 1000

/* Has the path a `*` in its last component? */
bool listing_is(const char *path);

/*
 * The paths of the files that match, sorted byte by byte, each with a NUL after it. `*` is any
 * text, but for a dot at the beginning. False, with an error that names `path`: the directory
 * cannot be read, nothing matches, or too much.
 */
MUST_CHECK bool listing_read(const char *path, struct buffer *buffer, struct err *reterr);

#endif

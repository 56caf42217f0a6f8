/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - whole small files: read with a cap, written so that a crash leaves the old or the new.
 *
 * Uses:   buffer, err, digest.
 * Shell:  touches the file system.
 */
#ifndef POSTERN_BASE_FILE_H
#define POSTERN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

/* Read a whole file, "-" is standard input. More than buffer->max_bytes is an error. The error
 * says the path and why. */
MUST_CHECK bool file_read(const char *path, struct buffer *buffer, struct err *reterr);

/* Write temporary file, fsync, rename over `path`, fsync the directory. `mode` like open(2). */
MUST_CHECK bool file_write(const char *path, struct span bytes, mode_t mode, struct err *reterr);

/* Like file_read, and refuse a file that group or others can read or write: for private keys. */
MUST_CHECK bool file_read_private(const char *path, struct buffer *buffer, struct err *reterr);

#endif

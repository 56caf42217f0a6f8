/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - read small files with a size limit, and replace files atomically, even in a crash.
 *
 * Uses:   buffer, err, digest.
 * Shell:  touches the file system.
 */
#ifndef POSTERN_BASE_FILE_H
#define POSTERN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

/*
 * Read a whole file; "-" is standard input. More than buffer->max_bytes is an error, and so is a
 * directory, a device or a FIFO (opening one never blocks). A descriptor that the process inherited
 * ("-", /dev/stdin, /dev/fd/N) may be a pipe. The error names the path and the cause.
 */
MUST_CHECK bool file_read(const char *path, struct buffer *buffer, struct err *reterr);

/* Write temporary file, fsync, rename over `path`, fsync the directory. `mode` like open(2). */
MUST_CHECK bool file_write(const char *path, struct span bytes, mode_t mode, struct err *reterr);

/* Like file_read, and refuse a file that group or others can read or write: for private keys. */
MUST_CHECK bool file_read_private(const char *path, struct buffer *buffer, struct err *reterr);

/* The directory part of `path`, "." for a bare name; free() it. NULL: no memory. Pure. */
MUST_CHECK char *file_directory(const char *path);

/* Is it the same file with the same times and size? This proves equal content only if
 * file_settled() was true for `a`. Pure. */
bool file_same(const struct stat *a, const struct stat *b);

/* Was the last change long enough before `now_s` that any later change must get a different time?
 * File system times have a resolution of up to two seconds. Pure. */
bool file_settled(const struct stat *seen, int64_t now_s);

#endif

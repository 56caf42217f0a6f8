/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splice - pass bytes from one socket to another without copying them to and from this process:
 * they go through a pipe of the system's (Linux splice(2)). For fibers, and for sockets that are
 * not under TLS.
 *
 * Uses:   stream, wait, watch, fiber, base (clock).
 * Shell:  sockets, pipes.
 */
#ifndef POSTERN_PROXY_IO_SPLICE_H
#define POSTERN_PROXY_IO_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "proxy/io/stream.h"

/* What a pipe holds; two descriptors, too, so that a thread has at most so many pipes. */
#define SPLICE_PIPE_BYTES (256 << 10)
#define SPLICE_PIPES_MAX 32

struct splice {
	int in, out; /* the pipe's two ends */
};

/* Make a pipe; splice_close() ends it. False: this is no fiber, or the system or this thread has
 * none left that holds enough to be worth it. Then bytes are copied. */
MUST_CHECK bool splice_open(struct splice *ret_splice);
void splice_close(struct splice *splice);

/* The system does not pass bytes from this socket so, and took none of them. */
#define SPLICE_UNABLE (-3)

/* Take at least one byte and at most `most` from a socket into the empty pipe: as stream_read(), or
 * SPLICE_UNABLE. */
MUST_CHECK ssize_t splice_read(
    const struct splice *splice, int from, size_t most, int64_t deadline_us);

/* The same without waiting: STREAM_LATE when nothing is there yet. */
MUST_CHECK ssize_t splice_read_now(const struct splice *splice, int from, size_t most);

/* Write the `len` bytes that the pipe holds: as stream_write(). */
MUST_CHECK bool splice_write(const struct splice *splice, int to, size_t len, int64_t timeout_us);

/* As many of them as go out without waiting: as stream_write_now(). */
MUST_CHECK ssize_t splice_write_now(const struct splice *splice, int to, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream - read and write a non-blocking socket, waiting where it must: a fiber without its thread,
 * any other caller with it.
 *
 * Uses:   wait, watch, base (span).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_IO_STREAM_H
#define POSTERN_PROXY_IO_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/span.h"

/* What reading gave, besides a number of bytes. */
#define STREAM_END 0
#define STREAM_BROKEN (-1) /* or the client has left; see wait.h */
#define STREAM_LATE (-2)

/* At least one byte, at most `room`, before the monotonic deadline. */
MUST_CHECK ssize_t stream_read(int fd, char *into, size_t room, int64_t deadline_us);

/* The same without waiting: STREAM_LATE when nothing is there yet. */
MUST_CHECK ssize_t stream_read_now(int fd, char *into, size_t room);

/* All of the bytes; between two that go out at most `timeout_us` pass. False: broken or late. */
MUST_CHECK bool stream_write(int fd, struct span bytes, int64_t timeout_us);

/* As many of them as go out without waiting for room: STREAM_LATE when none do. */
MUST_CHECK ssize_t stream_write_now(int fd, struct span bytes);

/* How many bytes that were written the peer has not received yet. */
size_t stream_unsent(int fd);

/* Before so many bytes are written, whoever has waited longer has its turn. False: the fiber was
 * cancelled. For tls. */
MUST_CHECK bool stream_turn(size_t bytes);

#endif

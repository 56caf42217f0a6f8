/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - the bytes of a connection, in plain or under TLS: who reads and writes them need not
 * know which.
 *
 * Uses:   stream, tls.
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_IO_CHANNEL_H
#define POSTERN_PROXY_IO_CHANNEL_H

#include "proxy/io/stream.h"
#include "proxy/io/tls.h"

struct channel {
	int socket;
	struct tls *tls; /* NULL: in plain */
};

/* As stream_read(), stream_read_now(), stream_write() and stream_write_now(). */
MUST_CHECK ssize_t channel_read(
    struct channel channel, char *into, size_t room, int64_t deadline_us);
MUST_CHECK ssize_t channel_read_now(struct channel channel, char *into, size_t room);
MUST_CHECK bool channel_write(struct channel channel, struct span bytes, int64_t timeout_us);
MUST_CHECK ssize_t channel_write_now(struct channel channel, struct span bytes);

/* Does TLS hold bytes that reading may give? Then the socket need not be readable. */
bool channel_pending(struct channel channel);

/* Nothing more is written: the peer is told so, which may wait for room at most `timeout_us`.
 * False: it is gone. */
MUST_CHECK bool channel_end(struct channel channel, int64_t timeout_us);

#endif

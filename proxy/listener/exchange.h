/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - one request and its answer on a client's connection: the interface between the gate
 * and whatever engine listens.
 *
 * Uses:   request, base.
 * Threads: one exchange belongs to one thread.
 */
#ifndef POSTERN_PROXY_LISTENER_EXCHANGE_H
#define POSTERN_PROXY_LISTENER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/request.h"

struct exchange;
struct splice; /* proxy/io */

/* What reading a body gave, besides a number of bytes. */
#define EXCHANGE_END 0       /* the body is complete */
#define EXCHANGE_BROKEN (-1) /* the client went away or framed it wrongly */
#define EXCHANGE_LATE (-2)   /* the body's deadline has passed */
#define EXCHANGE_UNABLE (-3) /* only exchange_splice_read(): the system cannot */

/* The request; lent until the handler returns. */
struct request *exchange_request(struct exchange *exchange);

/* When the request's head was complete, in microseconds of the monotonic clock. */
int64_t exchange_started_us(const struct exchange *exchange);

/*
 * Read the next bytes of the body, decoded: at least one, as many as are there without waiting
 * for more, at most `room`. Or EXCHANGE_END, EXCHANGE_BROKEN, EXCHANGE_LATE.
 */
MUST_CHECK ssize_t exchange_read(struct exchange *exchange, char *into, size_t room);

/* Does the engine have buffered bytes of the body or, after an upgrade, of the tunnel? Then the
 * client's socket need not be readable. */
bool exchange_buffered(const struct exchange *exchange);

/* When waiting for the body is late, in microseconds of the monotonic clock. */
int64_t exchange_body_until_us(const struct exchange *exchange);

/* After an upgrade: the next bytes of the tunnel that are there, first those that followed the
 * head; at most `room`. Or EXCHANGE_END, EXCHANGE_BROKEN, and EXCHANGE_LATE when there are none
 * yet. */
MUST_CHECK ssize_t exchange_receive(struct exchange *exchange, char *into, size_t room);

/* After an upgrade: as many of the bytes as go out without waiting, or EXCHANGE_BROKEN, and
 * EXCHANGE_LATE when none do. What was late must be written next, or nothing any more. */
MUST_CHECK ssize_t exchange_send(struct exchange *exchange, struct span bytes);

/* limits.write_timeout: how long a client may read nothing. */
int64_t exchange_write_timeout_us(const struct exchange *exchange);

/* Write all of the bytes to the client. False: it is gone or does not read; nothing more can be
 * written, and the connection is not kept alive. */
MUST_CHECK bool exchange_write(struct exchange *exchange, struct span bytes);

/* Are the bytes of the client's socket the connection's as they are, so that they may be spliced?
 */
bool exchange_direct(const struct exchange *exchange);

/* Take bytes of a body of known length, of which exchange_buffered() has none, into the empty pipe:
 * as exchange_read() does, but EXCHANGE_LATE when none are there yet. Or EXCHANGE_UNABLE. */
MUST_CHECK ssize_t exchange_splice_read(
    struct exchange *exchange, const struct splice *splice, size_t most);

/* Write the `len` bytes that the pipe holds, as exchange_write() does. */
MUST_CHECK bool exchange_splice_write(
    struct exchange *exchange, const struct splice *splice, size_t len);

/* The connection will be closed after this exchange; exchange_keep_alive() is false from now on. */
void exchange_close(struct exchange *exchange);

/* Like exchange_close(), but with a reset, so that what was sent does not look complete. */
void exchange_abort(struct exchange *exchange);

/* Will the connection be kept alive, as far as is known? If not, the response must have
 * "Connection: close". True only when client and engine agree and the body has been read to its
 * end. */
bool exchange_keep_alive(const struct exchange *exchange);

/* The client's socket, to wait for; -1 when not known. */
int exchange_socket(const struct exchange *exchange);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_body - an exchange of the events engine, and how its body is read. For this directory
 * only.
 *
 * Uses:   engine, stream, splice, response (chunks).
 * Shell:  sockets. On a fiber.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_REQUEST_BODY_H
#define POSTERN_PROXY_LISTENER_EVENTS_REQUEST_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "proxy/http/response.h"
#include "proxy/listener/engine.h"

struct conn;

/* An exchange of this engine. */
struct events_exchange {
	struct exchange base;
	struct conn *conn;
	char *held; /* bytes after the head that were not used yet */
	size_t held_bytes;
	char *room; /* where more bytes of a chunked body are read to: behind the head */
	size_t room_bytes;
	struct chunks chunks;
	bool whole, malformed; /* a chunked body: its end was read; it is framed wrongly */
};

/* engine.read, .write, .buffered, .receive, .send, .direct, .splice_read, .splice_write. */
MUST_CHECK ssize_t request_body_read(struct exchange *base, char *into, size_t room);
MUST_CHECK bool request_body_write(struct exchange *base, struct span bytes);
bool request_body_buffered(const struct exchange *base);
MUST_CHECK ssize_t request_body_receive(struct exchange *base, char *into, size_t room);
MUST_CHECK ssize_t request_body_send(struct exchange *base, struct span bytes);
bool request_body_direct(const struct exchange *base);
MUST_CHECK ssize_t request_body_splice_read(
    struct exchange *base, const struct splice *splice, size_t most);
MUST_CHECK bool request_body_splice_write(
    struct exchange *base, const struct splice *splice, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - one TLS session on a connected, non-blocking socket, on either side of it. Who reads or
 * writes waits as in stream.h: a fiber without its thread, any other caller with it.
 *
 * Uses:   stream, wait, watch, OpenSSL.
 * Shell:  sockets.
 * Threads: a session belongs to one thread at a time.
 */
#ifndef POSTERN_PROXY_IO_TLS_H
#define POSTERN_PROXY_IO_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/span.h"
#include "proxy/io/stream.h"

struct ssl_ctx_st;
struct ssl_st;
struct tls;

enum tls_side { TLS_CLIENT, TLS_SERVER };

/*
 * A session that has not begun. The socket stays the caller's.
 * context  borrowed; the session holds a reference of its own.
 * NULL: no memory. tls_close() it.
 */
MUST_CHECK struct tls *tls_new(struct ssl_ctx_st *context, int socket, enum tls_side side);

/* Its SSL, lent: for what must be set before the handshake, and to look at afterwards. */
struct ssl_st *tls_ssl(struct tls *tls);

/* The handshake: 1 it is done, STREAM_LATE, STREAM_BROKEN. */
MUST_CHECK ssize_t tls_handshake(struct tls *tls, int64_t deadline_us);

/* As far as it goes without waiting: STREAM_LATE when the socket must be ready first. */
MUST_CHECK ssize_t tls_handshake_now(struct tls *tls);

/* Why the handshake was broken: OpenSSL's words for it, static. */
const char *tls_failure(const struct tls *tls);

/* Did the peer begin with a letter? No TLS record does, but every request of HTTP/1.1. Then the
 * handshake is broken, and nothing was sent. */
bool tls_is_plain(const struct tls *tls);

/* As stream_read(), stream_read_now(), stream_write() and stream_write_now(). An end without
 * close_notify may be a truncation by somebody else (RFC 8446 section 6.1): STREAM_BROKEN. What was
 * late to be written must be written next, or nothing any more. */
MUST_CHECK ssize_t tls_read(struct tls *tls, char *into, size_t room, int64_t deadline_us);
MUST_CHECK ssize_t tls_read_now(struct tls *tls, char *into, size_t room);
MUST_CHECK bool tls_write(struct tls *tls, struct span bytes, int64_t timeout_us);
MUST_CHECK ssize_t tls_write_now(struct tls *tls, struct span bytes);

/* Does it hold bytes that reading may give, so that the socket need not be readable? */
bool tls_pending(const struct tls *tls);

/* Send close_notify: nothing is written after it. Waits for room at most `timeout_us`. */
void tls_end(struct tls *tls, int64_t timeout_us);

/* What was sent is not all: nothing is written any more, not even close_notify. Accepts NULL. */
void tls_abort(struct tls *tls);

/* taken: sends close_notify, if it can be sent now and was not yet. Accepts NULL. */
void tls_close(struct tls *tls);

/* The certificate of the peer, which the handshake has verified. */
struct tls_peer {
	struct buffer subject;    /* RFC 4514, UTF-8 with hex pairs; empty also where that does
				   * not tell it from another one; buffer_done() it */
	unsigned char sha256[32]; /* of its DER */
	int64_t until_s; /* the last second that it counts, see tls_tickets_client_ends() */
};

/* Has the peer shown a certificate? */
bool tls_has_peer(const struct tls *tls);

/* ret_peer  given, set on success only. False: there is none, it is not verified, or no memory. */
MUST_CHECK bool tls_peer_certificate(const struct tls *tls, struct tls_peer *ret_peer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream - an address of an API behind the gate, and a pool of connections to it.
 *
 * Uses:   base, OpenSSL (https).
 * Shell:  sockets. Names are resolved on a thread of the pool's own, never on a request's.
 * Threads: any. Each loop has a pool of its own; other threads share one under a short lock.
 */
#ifndef POSTERN_PROXY_UPSTREAM_UPSTREAM_H
#define POSTERN_PROXY_UPSTREAM_UPSTREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/io/channel.h"
#include "proxy/io/loop.h"
#include "proxy/upstream/health.h"
#include "proxy/upstream/resolve.h"
#include "proxy/upstream/upstream_count.h"

struct upstream;

/* What an https upstream is trusted by and shown. All is borrowed; zeroed: the defaults. */
struct upstream_trust {
	const char *ca; /* PEM: who may sign its certificate; NULL: the system's authorities */
	const char *certificate, *key; /* PEM; NULL: nothing is shown */
	const char *server_name;       /* that its certificate must have; NULL: the URL's host */
};

/*
 * An upstream for "http://HOST[:PORT][/]", "https://…" or "unix:/path". Opens no connection.
 * ret_upstream  given: one reference, upstream_unref() drops it.
 */
MUST_CHECK bool upstream_new(const char *url, const struct upstream_trust *trust,
    struct upstream **ret_upstream, struct err *reterr);
void upstream_ref(struct upstream *upstream);
void upstream_unref(struct upstream *upstream); /* accepts NULL */

/* The URL it was made of. */
const char *upstream_url(const struct upstream *upstream);

/* HOST[:PORT] of that; empty: a Unix socket. */
struct span upstream_authority(const struct upstream *upstream);

/* Was it made of these? */
bool upstream_is(
    const struct upstream *upstream, const char *url, const struct upstream_trust *trust);

/* One connection. It belongs to the loop that opened it, or to one thread at a time. */
struct upstream_conn {
	struct upstream *upstream; /* lent by whoever opened it, until it is kept or closed */
	int socket;
	struct tls *tls; /* of https, else NULL */
	struct resolve_address address;
	uint64_t generation; /* of the name's addresses, when this one was among them */
	bool reset;          /* as a write found out: what is read then does not end in order */
	bool reused;         /* it is from the pool: the upstream may have closed it */
	int64_t timeout_us;  /* of each read and write; see upstream_conn_timeout() */
	int64_t deadline_us; /* of the next read: monotonic; 0: none */
	int64_t kept_us;     /* when it was put into the pool */
	struct upstream_conn *next;
	struct loop_post post; /* of a pool that is cleared */
};

/* What reading or writing gave, besides a number of bytes. */
#define LINK_END STREAM_END
#define LINK_BROKEN STREAM_BROKEN
#define LINK_LATE STREAM_LATE

/*
 * A connection: the pool's newest that is still open, else a new one. Returns REASON_OK and gives
 * *ret_conn, or UPSTREAM_UNREACHABLE or UPSTREAM_TIMEOUT with the cause in reterr.
 */
MUST_CHECK enum reason upstream_conn_open(struct upstream *upstream, int64_t deadline_us,
    struct upstream_conn **ret_conn, struct err *reterr);

/* The same, and always a new one. */
MUST_CHECK enum reason upstream_conn_open_fresh(struct upstream *upstream, int64_t deadline_us,
    struct upstream_conn **ret_conn, struct err *reterr);

/* taken: put it back into the pool, when an answer was read to its end and it may be reused. */
void upstream_conn_keep(struct upstream_conn *conn);

/* taken: closed. Accepts NULL. */
void upstream_conn_close(struct upstream_conn *conn);

/* The timeout of each read and write from now on. */
void upstream_conn_timeout(struct upstream_conn *conn, int64_t timeout_us);

/* At least one byte, or LINK_END, LINK_BROKEN, LINK_LATE. */
MUST_CHECK ssize_t upstream_conn_read(struct upstream_conn *conn, char *into, size_t room);

/* The same without waiting: LINK_LATE when nothing is there yet. */
MUST_CHECK ssize_t upstream_conn_read_now(struct upstream_conn *conn, char *into, size_t room);

/* All of the bytes. False: broken or late. */
MUST_CHECK bool upstream_conn_write(struct upstream_conn *conn, struct span bytes);

/* As many of them as go out without waiting: LINK_LATE when none do. What was late must be written
 * next, or nothing any more. */
MUST_CHECK ssize_t upstream_conn_write_now(struct upstream_conn *conn, struct span bytes);

/* The same of the `len` bytes that the pipe holds. Not under TLS. */
struct splice;
MUST_CHECK ssize_t upstream_conn_splice_now(
    struct upstream_conn *conn, const struct splice *splice, size_t len);

/* Does TLS hold bytes that reading may give? */
bool upstream_conn_pending(const struct upstream_conn *conn);

/* Wait for the connection (fds[0], whose `fd` is set) and another socket (fds[1]) as their `events`
 * say, 0: not, or until the monotonic deadline. 1: `revents` have what is ready, 0: the deadline
 * passed; -1: failure, or the client has left. Bytes that TLS holds count as readable. */
MUST_CHECK int upstream_conn_wait(
    struct upstream_conn *conn, struct pollfd fds[2], int64_t deadline_us);

/* Its counters, lent while the reference is held. */
struct upstream_count *upstream_count(struct upstream *upstream);

/* A request goes there; it is under way until the end. And how many are. */
void upstream_begin(struct upstream *upstream);
void upstream_end(struct upstream *upstream);
int upstream_busy(const struct upstream *upstream);

/* How its requests have fared, lent alike. */
struct health *upstream_health(struct upstream *upstream);

/* Count an answer, or a failure after a connection was had, and note it for its health. */
void upstream_answered(struct upstream *upstream, int64_t first_byte_us);
void upstream_failed(struct upstream *upstream, enum upstream_failure failure);

/* Periodic housekeeping: close idle connections that are too old, or whose address the name no
 * longer has. */
void upstream_tend(struct upstream *upstream);

/* The number of idle connections in the pool. */
int upstream_idle(struct upstream *upstream);

#endif

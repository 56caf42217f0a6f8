/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and waiting on one connection of upstream.h. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "proxy/io/wait.h"
#include "proxy/upstream/upstream_tls.h"
#include "proxy/upstream/upstream.h"

int
upstream_conn_wait(struct upstream_conn *conn, int other)
{
	int64_t deadline_us = clock_mono_us() + conn->timeout_us;
	struct pollfd fds[2] = { { .fd = conn->socket, .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	int ready;

	if (conn->tls != NULL && upstream_tls_holds(conn->tls))
		return 1;
	ready = wait_any(fds, other < 0 ? 1 : 2, deadline_us);
	if (ready <= 0)
		return ready;
	return (fds[0].revents != 0 ? 1 : 0) | (other >= 0 && fds[1].revents != 0 ? 2 : 0);
}

/* A socket without TLS is blocking, with the timeout in the kernel: a read is then one system call,
 * not three. */
static void
set_socket_timeout(const struct upstream_conn *conn, int64_t timeout_us)
{
	struct timeval timeout = {
		.tv_sec = (time_t)(timeout_us / 1000000),
		.tv_usec = (suseconds_t)(timeout_us % 1000000),
	};

	(void)setsockopt(conn->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(conn->socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

void
upstream_conn_timeout(struct upstream_conn *conn, int64_t timeout_us)
{
	if (conn->tls != NULL)
		conn->deadline_us = clock_mono_us() + timeout_us;
	else if (conn->timeout_us != timeout_us)
		set_socket_timeout(conn, timeout_us);
	conn->timeout_us = timeout_us;
}

static ssize_t
plain_read(struct upstream_conn *conn, char *into, size_t room, int flags)
{
	ssize_t got;

	do {
		got = recv(conn->socket, into, room, flags);
	} while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? LINK_LATE : LINK_BROKEN;
}

ssize_t
upstream_conn_read(struct upstream_conn *conn, char *into, size_t room)
{
	if (conn->tls != NULL)
		return upstream_tls_read(conn, into, room);
	return plain_read(conn, into, room, 0);
}

ssize_t
upstream_conn_read_now(struct upstream_conn *conn, char *into, size_t room)
{
	if (conn->tls != NULL)
		return upstream_tls_read_now(conn, into, room);
	return plain_read(conn, into, room, MSG_DONTWAIT);
}

bool
upstream_conn_write(struct upstream_conn *conn, struct span bytes)
{
	if (conn->tls != NULL)
		return upstream_tls_write(conn, bytes);
	while (bytes.len > 0) {
		ssize_t put = send(conn->socket, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = span_slice(bytes, (size_t)put, bytes.len);
	}
	return true;
}

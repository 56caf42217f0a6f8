/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and waiting on one connection of upstream.h. */
#include <errno.h>

#include "base/clock.h"
#include "proxy/io/channel.h"
#include "proxy/io/splice.h"
#include "proxy/io/wait.h"
#include "proxy/upstream/upstream.h"

static struct channel
channel_of(const struct upstream_conn *conn)
{
	return (struct channel){ conn->socket, conn->tls };
}

int
upstream_conn_wait(struct upstream_conn *conn, struct pollfd fds[2], int64_t deadline_us)
{
	bool held = (fds[0].events & POLLIN) != 0 && channel_pending(channel_of(conn));
	bool first = fds[0].events != 0, second = fds[1].events != 0;
	int ready;

	fds[0].fd = conn->socket;
	fds[0].revents = fds[1].revents = 0;
	ready = wait_any(first ? fds : fds + 1, (nfds_t)first + (nfds_t)second,
	    held ? WAIT_NOT_AT_ALL : deadline_us);
	if (ready < 0)
		return -1;
	if (held)
		fds[0].revents |= POLLIN;
	return ready > 0 || held ? 1 : 0;
}

void
upstream_conn_timeout(struct upstream_conn *conn, int64_t timeout_us)
{
	conn->deadline_us = clock_tick_us() + timeout_us;
	conn->timeout_us = timeout_us;
}

/* The system reports a reset once: to a write, and then what is read seems to end in order. */
static void
note_reset(struct upstream_conn *conn)
{
	conn->reset = conn->reset || errno == ECONNRESET;
}

static ssize_t
end_of(const struct upstream_conn *conn, ssize_t got)
{
	return got == LINK_END && conn->reset ? LINK_BROKEN : got;
}

ssize_t
upstream_conn_read(struct upstream_conn *conn, char *into, size_t room)
{
	return end_of(conn, channel_read(channel_of(conn), into, room, conn->deadline_us));
}

ssize_t
upstream_conn_read_now(struct upstream_conn *conn, char *into, size_t room)
{
	return end_of(conn, channel_read_now(channel_of(conn), into, room));
}

ssize_t
upstream_conn_write_now(struct upstream_conn *conn, struct span bytes)
{
	ssize_t put = channel_write_now(channel_of(conn), bytes);

	if (put == LINK_BROKEN)
		note_reset(conn);
	return put;
}

ssize_t
upstream_conn_splice_now(struct upstream_conn *conn, const struct splice *splice, size_t len)
{
	ssize_t put = splice_write_now(splice, conn->socket, len);

	if (put == LINK_BROKEN)
		note_reset(conn);
	return put;
}

bool
upstream_conn_write(struct upstream_conn *conn, struct span bytes)
{
	bool written = channel_write(channel_of(conn), bytes, conn->timeout_us);

	if (!written)
		note_reset(conn);
	return written;
}

bool
upstream_conn_pending(const struct upstream_conn *conn)
{
	return channel_pending(channel_of(conn));
}

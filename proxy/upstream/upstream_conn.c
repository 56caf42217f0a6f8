/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and waiting on one connection of upstream.h. */
#include "base/clock.h"
#include "proxy/io/channel.h"
#include "proxy/io/wait.h"
#include "proxy/upstream/upstream.h"

static struct channel
channel_of(const struct upstream_conn *conn)
{
	return (struct channel){ conn->socket, conn->tls };
}

int
upstream_conn_wait(struct upstream_conn *conn, int other, int64_t deadline_us)
{
	struct pollfd fds[2] = { { .fd = conn->socket, .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	int ready;

	if (channel_pending(channel_of(conn)))
		return 1;
	ready = wait_any(fds, other < 0 ? 1 : 2, deadline_us);
	if (ready <= 0)
		return ready;
	return (fds[0].revents != 0 ? 1 : 0) | (other >= 0 && fds[1].revents != 0 ? 2 : 0);
}

void
upstream_conn_timeout(struct upstream_conn *conn, int64_t timeout_us)
{
	conn->deadline_us = clock_tick_us() + timeout_us;
	conn->timeout_us = timeout_us;
}

ssize_t
upstream_conn_read(struct upstream_conn *conn, char *into, size_t room)
{
	return channel_read(channel_of(conn), into, room, conn->deadline_us);
}

ssize_t
upstream_conn_read_now(struct upstream_conn *conn, char *into, size_t room)
{
	return channel_read_now(channel_of(conn), into, room);
}

ssize_t
upstream_conn_write_now(struct upstream_conn *conn, struct span bytes)
{
	return channel_write_now(channel_of(conn), bytes);
}

bool
upstream_conn_pending(const struct upstream_conn *conn)
{
	return channel_pending(channel_of(conn));
}

int
upstream_conn_wait_room(struct upstream_conn *conn)
{
	struct pollfd one = { .fd = conn->socket, .events = POLLIN | POLLOUT };

	if (upstream_conn_pending(conn))
		return 1;
	if (wait_any(&one, 1, clock_mono_us() + conn->timeout_us) <= 0)
		return -1;
	return ((one.revents & ~POLLOUT) != 0 ? 1 : 0) | ((one.revents & POLLOUT) != 0 ? 2 : 0);
}

bool
upstream_conn_write(struct upstream_conn *conn, struct span bytes)
{
	return channel_write(channel_of(conn), bytes, conn->timeout_us);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and waiting on one connection of upstream.h. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "proxy/io/await.h"
#include "proxy/upstream/secure.h"
#include "proxy/upstream/upstream.h"

int
link_wait(struct link *link, int other)
{
	int64_t deadline_us = clock_mono_us() + link->timeout_us;
	struct pollfd fds[2] = { { .fd = link->socket, .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	int ready;

	if (link->tls != NULL && secure_holds(link->tls))
		return 1;
	ready = await_any(fds, other < 0 ? 1 : 2, deadline_us);
	if (ready <= 0)
		return ready;
	return (fds[0].revents != 0 ? 1 : 0) | (other >= 0 && fds[1].revents != 0 ? 2 : 0);
}

/* A plain socket blocks, and the kernel keeps the time: a read is one call then, not three. */
static void
set_socket_timeout(const struct link *link, int64_t timeout_us)
{
	struct timeval timeout = {
		.tv_sec = (time_t)(timeout_us / 1000000),
		.tv_usec = (suseconds_t)(timeout_us % 1000000),
	};

	(void)setsockopt(link->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(link->socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

void
link_patience(struct link *link, int64_t timeout_us)
{
	if (link->tls != NULL)
		link->deadline_us = clock_mono_us() + timeout_us;
	else if (link->timeout_us != timeout_us)
		set_socket_timeout(link, timeout_us);
	link->timeout_us = timeout_us;
}

static ssize_t
plain_read(struct link *link, char *into, size_t room, int flags)
{
	ssize_t got;

	do {
		got = recv(link->socket, into, room, flags);
	} while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? LINK_LATE : LINK_BROKEN;
}

ssize_t
link_read(struct link *link, char *into, size_t room)
{
	if (link->tls != NULL)
		return secure_read(link, into, room);
	return plain_read(link, into, room, 0);
}

ssize_t
link_read_now(struct link *link, char *into, size_t room)
{
	if (link->tls != NULL)
		return secure_read_now(link, into, room);
	return plain_read(link, into, room, MSG_DONTWAIT);
}

bool
link_write(struct link *link, struct span bytes)
{
	if (link->tls != NULL)
		return secure_write(link, bytes);
	while (bytes.len > 0) {
		ssize_t put = send(link->socket, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = span_slice(bytes, (size_t)put, bytes.len);
	}
	return true;
}

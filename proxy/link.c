/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and waiting on one connection of upstream.h. */
#include <errno.h>
#include <sys/socket.h>

#include "proxy/await.h"
#include "proxy/secure.h"
#include "proxy/upstream.h"

int
link_wait(struct link *link, int other)
{
	struct pollfd fds[2] = { { .fd = link->socket, .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	int ready;

	if (link->tls != NULL && secure_holds(link->tls))
		return 1;
	ready = await_any(fds, other < 0 ? 1 : 2, link->deadline_us);
	if (ready <= 0)
		return ready;
	return (fds[0].revents != 0 ? 1 : 0) | (other >= 0 && fds[1].revents != 0 ? 2 : 0);
}

static ssize_t
plain_read(struct link *link, char *into, size_t room)
{
	for (;;) {
		ssize_t got = recv(link->socket, into, room, 0);

		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return LINK_BROKEN;
		switch (await_one(link->socket, POLLIN, link->deadline_us)) {
		case 0:
			return LINK_LATE;
		case -1:
			return LINK_BROKEN;
		default:
			break;
		}
	}
}

ssize_t
link_read(struct link *link, char *into, size_t room)
{
	if (link->tls != NULL)
		return secure_read(link, into, room);
	return plain_read(link, into, room);
}

bool
link_write(struct link *link, struct span bytes)
{
	if (link->tls != NULL)
		return secure_write(link, bytes);
	while (bytes.len > 0) {
		ssize_t put = send(link->socket, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (put > 0) {
			bytes = span_slice(bytes, (size_t)put, bytes.len);
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if ((errno != EAGAIN && errno != EWOULDBLOCK) ||
		    await_one(link->socket, POLLOUT, link->deadline_us) <= 0)
			return false;
	}
	return true;
}

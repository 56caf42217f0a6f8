/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/channel.h"

#include <sys/socket.h>

ssize_t
channel_read(struct channel channel, char *into, size_t room, int64_t deadline_us)
{
	return channel.tls != NULL ? tls_read(channel.tls, into, room, deadline_us)
				   : stream_read(channel.socket, into, room, deadline_us);
}

ssize_t
channel_read_now(struct channel channel, char *into, size_t room)
{
	return channel.tls != NULL ? tls_read_now(channel.tls, into, room)
				   : stream_read_now(channel.socket, into, room);
}

bool
channel_write(struct channel channel, struct span bytes, int64_t timeout_us)
{
	return channel.tls != NULL ? tls_write(channel.tls, bytes, timeout_us)
				   : stream_write(channel.socket, bytes, timeout_us);
}

ssize_t
channel_write_now(struct channel channel, struct span bytes)
{
	return channel.tls != NULL ? tls_write_now(channel.tls, bytes)
				   : stream_write_now(channel.socket, bytes);
}

bool
channel_pending(struct channel channel)
{
	return channel.tls != NULL && tls_pending(channel.tls);
}

bool
channel_end(struct channel channel, int64_t timeout_us)
{
	if (channel.tls != NULL)
		tls_end(channel.tls, timeout_us);
	return shutdown(channel.socket, SHUT_WR) == 0;
}

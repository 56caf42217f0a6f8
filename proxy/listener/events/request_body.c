/* SPDX-License-Identifier: Apache-2.0 */
/* Read a request's body and write its answer, on a fiber. */
#include <string.h>

#include "proxy/io/fiber.h"
#include "proxy/io/channel.h"
#include "proxy/io/splice.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/conn.h"
#include "proxy/listener/events/request_body.h"

static void
use(struct events_exchange *exchange, size_t bytes)
{
	exchange->held += bytes;
	exchange->held_bytes -= bytes;
}

static ssize_t
receive(struct events_exchange *exchange, char *into, size_t room)
{
	ssize_t got =
	    channel_read(conn_channel(exchange->conn), into, room, exchange->base.body_until_us);

	if (got > 0)
		return got;
	return got == STREAM_LATE ? EXCHANGE_LATE : EXCHANGE_BROKEN;
}

static ssize_t
read_length(struct events_exchange *exchange, char *into, size_t room)
{
	int64_t left = exchange->base.request.content_length - exchange->base.body_bytes;

	if (left == 0)
		return EXCHANGE_END;
	if ((int64_t)room > left)
		room = (size_t)left;
	if (exchange->held_bytes == 0)
		return receive(exchange, into, room);
	if (room > exchange->held_bytes)
		room = exchange->held_bytes;
	memcpy(into, exchange->held, room);
	use(exchange, room);
	return (ssize_t)room;
}

/* Decode what is held, as far as it fits. */
static size_t
decode(struct events_exchange *exchange, char *into, size_t room)
{
	enum response_read read = RESPONSE_MORE;
	size_t given = 0, used = 1;

	while (read == RESPONSE_MORE && exchange->held_bytes > 0 && given < room && used > 0) {
		/* Bytes are data at most one for one, so this much cannot yield too much. */
		size_t most =
		    exchange->held_bytes < room - given ? exchange->held_bytes : room - given;
		struct span data;

		read = chunks_read(
		    &exchange->chunks, (struct span){ exchange->held, most }, &used, &data);
		if (data.len > 0)
			memcpy(into + given, data.at, data.len);
		given += data.len;
		use(exchange, used);
	}
	exchange->whole = read == RESPONSE_DONE;
	exchange->malformed = read == RESPONSE_BAD;
	return given;
}

static ssize_t
read_chunked(struct events_exchange *exchange, char *into, size_t room)
{
	while (!exchange->malformed) {
		size_t given = exchange->whole ? 0 : decode(exchange, into, room);
		ssize_t got;

		if (given > 0)
			return (ssize_t)given;
		if (exchange->whole)
			return EXCHANGE_END;
		if (exchange->malformed)
			break;
		got = receive(exchange, exchange->room, exchange->room_bytes);
		if (got <= 0)
			return got;
		exchange->held = exchange->room;
		exchange->held_bytes = (size_t)got;
	}
	return EXCHANGE_BROKEN;
}

ssize_t
request_body_read(struct exchange *base, char *into, size_t room)
{
	struct events_exchange *exchange = (struct events_exchange *)base;

	return base->request.framing == BODY_CHUNKED ? read_chunked(exchange, into, room)
						     : read_length(exchange, into, room);
}

/* Outside of a fiber nothing is waited for: the whole loop would wait. */
bool
request_body_write(struct exchange *base, struct span bytes)
{
	const struct events_exchange *exchange = (const struct events_exchange *)base;
	int64_t timeout_ms = fiber_current() == NULL ? 0 : base->listener->setup.write_timeout_ms;

	return channel_write(conn_channel(exchange->conn), bytes, timeout_ms * 1000);
}

/* The end of a chunked body counts as buffered until it was handed out. */
bool
request_body_buffered(const struct exchange *base)
{
	const struct events_exchange *exchange = (const struct events_exchange *)base;

	return exchange->held_bytes > 0 || (exchange->whole && !base->body_ended) ||
	       channel_pending(conn_channel(exchange->conn));
}

ssize_t
request_body_receive(struct exchange *base, char *into, size_t room)
{
	struct events_exchange *exchange = (struct events_exchange *)base;

	if (exchange->held_bytes == 0)
		return channel_read_now(conn_channel(exchange->conn), into, room);
	if (room > exchange->held_bytes)
		room = exchange->held_bytes;
	memcpy(into, exchange->held, room);
	use(exchange, room);
	return (ssize_t)room;
}

ssize_t
request_body_send(struct exchange *base, struct span bytes)
{
	return channel_write_now(conn_channel(((const struct events_exchange *)base)->conn), bytes);
}

bool
request_body_direct(const struct exchange *base)
{
	return conn_channel(((const struct events_exchange *)base)->conn).tls == NULL;
}

ssize_t
request_body_splice_read(struct exchange *base, const struct splice *splice, size_t most)
{
	int64_t left = base->request.content_length - base->body_bytes;
	ssize_t got;

	if (left == 0)
		return EXCHANGE_END;
	if ((int64_t)most > left)
		most = (size_t)left;
	got = splice_read_now(splice, base->socket, most);
	if (got > 0)
		return watch_spend((size_t)got) ? got : EXCHANGE_BROKEN;
	if (got == SPLICE_UNABLE)
		return EXCHANGE_UNABLE;
	return got == STREAM_LATE ? EXCHANGE_LATE : EXCHANGE_BROKEN;
}

bool
request_body_splice_write(struct exchange *base, const struct splice *splice, size_t len)
{
	return splice_write(
	    splice, base->socket, len, base->listener->setup.write_timeout_ms * 1000);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/exchange.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/listener/engine.h"

void
exchange_begin(struct exchange *exchange, struct listener *listener)
{
	exchange->listener = listener;
	exchange->started_us = clock_mono_us();
	exchange->body_until_us = exchange->started_us + listener->setup.body_timeout_ms * 1000;
}

struct request *
exchange_request(struct exchange *exchange)
{
	return &exchange->request;
}

int64_t
exchange_started_us(const struct exchange *exchange)
{
	return exchange->started_us;
}

/* Until when the next bytes of the body may take: body_timeout from now, and not longer than a body
 * at the least rate would have needed for what has arrived. */
static void
extend_body(struct exchange *exchange)
{
	const struct listener_setup *setup = &exchange->listener->setup;
	int64_t timeout_us = setup->body_timeout_ms * 1000;
	int64_t earned_us = timeout_us;

	exchange->body_until_us = clock_mono_us() + timeout_us;
	if (setup->body_min_rate <= 0)
		return;
	if (exchange->body_bytes / setup->body_min_rate > timeout_us / 1000000)
		earned_us = exchange->body_bytes / setup->body_min_rate * 1000000;
	if (exchange->body_until_us > exchange->started_us + earned_us)
		exchange->body_until_us = exchange->started_us + earned_us;
}

/* What the engine's reading gave. */
static ssize_t
note_read(struct exchange *exchange, ssize_t got)
{
	if (got == EXCHANGE_END)
		exchange->body_ended = true;
	else if (got < 0)
		exchange_close(exchange);
	if (got <= 0)
		return got;
	exchange->body_bytes += got;
	extend_body(exchange);
	return got;
}

ssize_t
exchange_read(struct exchange *exchange, char *into, size_t room)
{
	if (exchange->request.framing == BODY_NONE || exchange->body_ended || room == 0)
		return EXCHANGE_END;
	return note_read(exchange, exchange->listener->engine->read(exchange, into, room));
}

ssize_t
exchange_splice_read(struct exchange *exchange, const struct splice *splice, size_t most)
{
	ssize_t got = exchange->listener->engine->splice_read(exchange, splice, most);

	return got == EXCHANGE_UNABLE || got == EXCHANGE_LATE ? got : note_read(exchange, got);
}

bool
exchange_buffered(const struct exchange *exchange)
{
	return exchange->listener->engine->buffered(exchange);
}

int64_t
exchange_body_until_us(const struct exchange *exchange)
{
	return exchange->body_until_us;
}

ssize_t
exchange_receive(struct exchange *exchange, char *into, size_t room)
{
	return exchange->listener->engine->receive(exchange, into, room);
}

ssize_t
exchange_send(struct exchange *exchange, struct span bytes)
{
	return exchange->listener->engine->send(exchange, bytes);
}

int64_t
exchange_write_timeout_us(const struct exchange *exchange)
{
	return exchange->listener->setup.write_timeout_ms * 1000;
}

bool
exchange_write(struct exchange *exchange, struct span bytes)
{
	if (exchange->aborted)
		return false;
	if (exchange->listener->engine->write(exchange, bytes))
		return true;
	exchange_close(exchange);
	return false;
}

bool
exchange_direct(const struct exchange *exchange)
{
	return exchange->listener->engine->direct != NULL &&
	       exchange->listener->engine->direct(exchange);
}

bool
exchange_splice_write(struct exchange *exchange, const struct splice *splice, size_t len)
{
	if (exchange->aborted)
		return false;
	if (exchange->listener->engine->splice_write(exchange, splice, len))
		return true;
	exchange_close(exchange);
	return false;
}

void
exchange_close(struct exchange *exchange)
{
	exchange->closing = true;
}

/* The socket is disconnected and not shut down: the client sees a reset, and cannot mistake what it
 * got for a complete response. */
void
exchange_abort(struct exchange *exchange)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	exchange_close(exchange);
	exchange->aborted = true;
	if (exchange->socket >= 0)
		(void)connect(exchange->socket, &none, sizeof(none));
}

/* Has the body been read to its end, or is there none? */
static bool
body_over(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	return request->framing == BODY_NONE || exchange->body_ended ||
	       (request->framing == BODY_LENGTH && exchange->body_bytes == request->content_length);
}

bool
exchange_keep_alive(const struct exchange *exchange)
{
	return !exchange->closing && exchange->request.keep_alive && body_over(exchange) &&
	       !atomic_load_explicit(&exchange->listener->draining, memory_order_relaxed);
}

int
exchange_socket(const struct exchange *exchange)
{
	return exchange->socket;
}

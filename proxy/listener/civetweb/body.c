/* SPDX-License-Identifier: Apache-2.0 */
/* Read a request's body through CivetWeb. mg_read() waits until it has all the bytes it was asked
 * for, so we track how many are buffered, and never wait for more than one byte. */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/stream.h"
#include "proxy/io/wait.h"
#include "proxy/listener/civetweb/engine.h"
#include "proxy/http/response.h"

/* One byte of data takes at most six bytes on the connection, when it is a chunk of its own. */
#define CHUNK_COST 6

#define LINGER_BYTES (256u << 10)
#define LINGER_US 1000000

/* How much of a chunked body is in the buffer: all bytes, and bytes of data. */
static void
scan_held(struct civetweb_exchange *exchange)
{
	struct span rest = { exchange->held_body, exchange->held_bytes };
	enum response_read read = RESPONSE_MORE;
	struct span data;
	size_t used = 1;

	while (read == RESPONSE_MORE && rest.len > 0 && used > 0) {
		read = chunks_read(&exchange->chunks, rest, &used, &data);
		exchange->held_data += data.len;
		exchange->held_used += used;
		rest = span_slice(rest, used, rest.len);
	}
	exchange->held_whole = read != RESPONSE_MORE;
	exchange->conn->whole = read == RESPONSE_DONE;
	exchange->conn->malformed = read == RESPONSE_BAD;
	exchange->conn->chunks = &exchange->chunks;
}

void
body_begin(struct civetweb_exchange *exchange)
{
	struct request *request = &exchange->base.request;

	exchange->body_begun = true;
	exchange->left = request->content_length;
	exchange->conn->phase = CLIENT_CONN_BODY;
	exchange->conn->body_received = 0;
	if (request->framing == BODY_CHUNKED) {
		scan_held(exchange);
	} else {
		exchange->held_used = exchange->held_bytes;
		if (exchange->held_used > (size_t)request->content_length)
			exchange->held_used = (size_t)request->content_length;
		exchange->held_data = exchange->held_used;
	}
}

static size_t
socket_holds(const struct civetweb_exchange *exchange)
{
	int bytes = 0;

	if (exchange->conn->socket < 0 || ioctl(exchange->conn->socket, FIONREAD, &bytes) != 0)
		return 0;
	return bytes < 0 ? 0 : (size_t)bytes;
}

size_t
body_ready(struct civetweb_exchange *exchange, size_t room)
{
	size_t ready = exchange->held_data;

	if (ready == 0)
		ready = exchange->base.request.framing == BODY_CHUNKED
			    ? socket_holds(exchange) / CHUNK_COST
			    : socket_holds(exchange);
	if (ready == 0)
		ready = 1;
	if (exchange->base.request.framing == BODY_LENGTH && (int64_t)ready > exchange->left)
		ready = (size_t)exchange->left;
	return ready < room ? ready : room;
}

struct span
body_carried(const struct civetweb_exchange *exchange)
{
	if ((exchange->body_begun && exchange->conn->body_received > 0) ||
	    exchange->held_bytes == exchange->held_used)
		return (struct span){ 0 };
	return (struct span){ exchange->held_body + exchange->held_used,
		exchange->held_bytes - exchange->held_used };
}

/* Wait for what the client still sends, and discard some of it: how much, 0 when it has closed, or
 * STREAM_LATE. Who has its answer may not have read it: then its writes wait rather than fail. */
static ssize_t
discard(int socket, size_t total, int64_t until_us)
{
	bool enough = total >= LINGER_BYTES && stream_unsent(socket) == 0;
	struct pollfd wait = { .fd = socket, .events = enough ? POLLRDHUP : POLLIN };
	char scrap[1024];

	if (clock_mono_us() >= until_us || wait_any(&wait, 1, until_us) <= 0)
		return STREAM_LATE;
	return enough ? 0 : recv(socket, scrap, sizeof(scrap), MSG_DONTWAIT);
}

void
body_linger(struct civetweb_exchange *exchange)
{
	int64_t until_us = clock_mono_us() + LINGER_US;
	int socket = exchange->conn->socket;
	size_t total = 0, before = SIZE_MAX, unsent;
	ssize_t got = 1;

	if (socket < 0 || shutdown(socket, SHUT_WR) != 0)
		return;
	while (got > 0 || got == STREAM_LATE) {
		got = discard(socket, total, until_us);
		total += got > 0 ? (size_t)got : 0;
		if (got != STREAM_LATE)
			continue;
		unsent = stream_unsent(socket);
		if (total == 0 || unsent == 0 || unsent >= before)
			return;
		before = unsent;
		until_us = clock_mono_us() + LINGER_US;
	}
}

/* Has the engine bytes of the body in its buffer? */
bool
body_buffered(const struct exchange *base)
{
	const struct civetweb_exchange *exchange = (const struct civetweb_exchange *)base;

	if (!exchange->body_begun)
		return exchange->held_bytes > 0;
	return exchange->held_data > 0 || (exchange->held_whole && !base->body_ended);
}

ssize_t
body_receive(struct exchange *base, char *into, size_t room)
{
	struct civetweb_exchange *exchange = (struct civetweb_exchange *)base;

	if (exchange->held_bytes == 0)
		return stream_read_now(base->socket, into, room);
	if (room > exchange->held_bytes)
		room = exchange->held_bytes;
	memcpy(into, exchange->held_body, room);
	exchange->held_body += room;
	exchange->held_bytes -= room;
	return (ssize_t)room;
}

ssize_t
body_send(struct exchange *base, struct span bytes)
{
	return stream_write_now(base->socket, bytes);
}

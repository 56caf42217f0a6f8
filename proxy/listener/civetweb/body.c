/* SPDX-License-Identifier: Apache-2.0 */
/* Read a request's body through CivetWeb. mg_read() waits until it has all the bytes it was asked
 * for, so we track how many are buffered, and never wait for more than one byte. */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/wait.h"
#include "proxy/listener/civetweb/engine.h"
#include "proxy/http/response.h"

/* One byte of data takes at most six bytes on the connection, when it is a chunk of its own. */
#define CHUNK_COST 6

#define LINGER_BYTES (256u << 10)
#define LINGER_US 1000000

/* How much of a chunked body is in the buffer: all bytes, and bytes of data. */
static void
scan_held(struct exchange *exchange)
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
	exchange->conn->malformed = read == RESPONSE_BAD;
	exchange->conn->chunks = &exchange->chunks;
}

void
body_begin(struct exchange *exchange)
{
	struct request *request = &exchange->request;

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
socket_holds(const struct exchange *exchange)
{
	int bytes = 0;

	if (exchange->conn->socket < 0 || ioctl(exchange->conn->socket, FIONREAD, &bytes) != 0)
		return 0;
	return bytes < 0 ? 0 : (size_t)bytes;
}

size_t
body_ready(struct exchange *exchange, size_t room)
{
	size_t ready = exchange->held_data;

	if (ready == 0)
		ready = exchange->request.framing == BODY_CHUNKED
			    ? socket_holds(exchange) / CHUNK_COST
			    : socket_holds(exchange);
	if (ready == 0)
		ready = 1;
	if (exchange->request.framing == BODY_LENGTH && (int64_t)ready > exchange->left)
		ready = (size_t)exchange->left;
	return ready < room ? ready : room;
}

size_t
body_carried(const struct exchange *exchange)
{
	if (exchange->body_begun && exchange->conn->body_received > 0)
		return 0;
	return exchange->held_bytes - exchange->held_used;
}

void
body_linger(struct exchange *exchange)
{
	int64_t until_us = clock_mono_us() + LINGER_US;
	struct pollfd wait = { .fd = exchange->conn->socket, .events = POLLIN };
	char scrap[1024];
	size_t total = 0;
	ssize_t got = 1;

	if (wait.fd < 0 || shutdown(wait.fd, SHUT_WR) != 0)
		return;
	while (got > 0 && total < LINGER_BYTES) {
		if (wait_any(&wait, 1, until_us) <= 0)
			return;
		got = recv(wait.fd, scrap, sizeof(scrap), MSG_DONTWAIT);
		total += got > 0 ? (size_t)got : 0;
	}
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

/* Has the body been read to its end (or is there none)? */
static bool
body_over(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	return request->framing == BODY_NONE || exchange->body_ended ||
	       (request->framing == BODY_LENGTH &&
		   (request->content_length == 0 || (exchange->body_begun && exchange->left == 0)));
}

bool
exchange_keep_alive(const struct exchange *exchange)
{
	return !exchange->closing && exchange->request.keep_alive && body_over(exchange);
}

int
exchange_socket(const struct exchange *exchange)
{
	return exchange->conn->socket;
}

int64_t
exchange_body_until_us(const struct exchange *exchange)
{
	return exchange->conn->body_until_us;
}

bool
exchange_buffered(const struct exchange *exchange)
{
	if (!exchange->body_begun)
		return exchange->held_bytes > 0;
	return exchange->held_data > 0 || (exchange->held_whole && !exchange->body_ended);
}

struct span
exchange_pipelined(const struct exchange *exchange)
{
	return (struct span){ exchange->held_body, exchange->held_bytes };
}

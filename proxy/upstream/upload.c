/* SPDX-License-Identifier: Apache-2.0 */
/* The request's body on its way to the upstream. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "proxy/io/splice.h"
#include "proxy/io/wait.h"
#include "proxy/upstream/forwarding.h"

static enum reason
stop(struct forwarding *forwarding, enum reason reason, const char *detail)
{
	exchange_close(forwarding->exchange);
	return forwarding_fail(forwarding, reason, detail);
}

enum turn { CLIENTS_TURN, UPSTREAMS_TURN, NOBODYS_TURN };

/* Wait for the client or the upstream. Buffered bytes of the body are sent first. A final answer
 * before the end of the body means that the upstream wants no more of it; after an interim one
 * (1xx) the upload continues. */
static enum turn
whose_turn(struct forwarding *forwarding)
{
	struct pollfd fds[2] = {
		{ .fd = forwarding->conn->socket, .events = POLLIN },
		{ .fd = exchange_socket(forwarding->exchange), .events = POLLIN },
	};

	if (upstream_conn_pending(forwarding->conn))
		return UPSTREAMS_TURN;
	if (exchange_buffered(forwarding->exchange) || fds[1].fd < 0)
		return CLIENTS_TURN;
	if (wait_any(fds, 2, exchange_body_until_us(forwarding->exchange)) <= 0)
		return NOBODYS_TURN;
	return fds[0].revents != 0 ? UPSTREAMS_TURN : CLIENTS_TURN;
}

/* A body on its way. */
struct passing {
	enum reason reason;
	bool more;
	bool spliced; /* what need not be copied goes through: */
	struct splice splice;
};

/* An upstream that takes no more may have answered instead: whoever only waited for room would wait
 * in vain. */
static enum reason
await_room(struct forwarding *forwarding)
{
	struct upstream_conn *conn = forwarding->conn;
	struct pollfd fds[2] = { { .events = POLLIN | POLLOUT }, { .events = 0 } };
	int ready = upstream_conn_wait(conn, fds, clock_mono_us() + conn->timeout_us);

	if (ready == 0)
		return forwarding_fail(
		    forwarding, REASON_UPSTREAM_TIMEOUT, "the upstream stopped reading the body");
	forwarding->upload_broken = ready < 0;
	if (ready > 0 && (fds[0].revents & ~POLLOUT) != 0)
		return relay_early(forwarding, &forwarding->upload_broken);
	return REASON_OK;
}

/* Send bytes, or so many of the pipe's if they are at NULL. */
static enum reason
send_bytes(struct forwarding *forwarding, const struct passing *passing, struct span bytes)
{
	struct upstream_conn *conn = forwarding->conn;
	enum reason reason = REASON_OK;

	forwarding_extend_timeout(forwarding);
	while (bytes.len > 0 && reason == REASON_OK && !forwarding->upload_broken) {
		ssize_t put = bytes.at == NULL
				  ? upstream_conn_splice_now(conn, &passing->splice, bytes.len)
				  : upstream_conn_write_now(conn, bytes);

		if (put > 0 && bytes.at == NULL)
			bytes.len -= (size_t)put;
		else if (put > 0)
			bytes = span_slice(bytes, (size_t)put, bytes.len);
		else if (put == LINK_LATE)
			reason = await_room(forwarding);
		else
			forwarding->upload_broken = true;
	}
	return reason;
}

/* Around a piece there is room to frame it. */
#define CHUNK_SIZE_ROOM 6 /* "3ff8\r\n" */
#define CHUNK_ROOM (CHUNK_SIZE_ROOM + 2)

/* Make a chunk of what was read behind CHUNK_SIZE_ROOM. */
static struct span
make_chunk(char *piece, size_t len)
{
	char size[CHUNK_SIZE_ROOM + 1];
	size_t digits = (size_t)snprintf(size, sizeof(size), "%zx\r\n", len);
	char *start = piece + CHUNK_SIZE_ROOM - digits;

	memcpy(start, size, digits);
	memcpy(piece + CHUNK_SIZE_ROOM + len, "\r\n", 2);
	return (struct span){ start, digits + len + 2 };
}

/* Read a piece, *ret_held: into the pipe. */
static ssize_t
take_piece(struct forwarding *forwarding, struct passing *passing, bool *ret_held)
{
	struct exchange *exchange = forwarding->exchange;
	bool chunked = exchange_request(exchange)->framing == BODY_CHUNKED;
	ssize_t got = EXCHANGE_UNABLE;

	*ret_held = passing->spliced && !exchange_buffered(exchange);
	if (*ret_held)
		got = exchange_splice_read(exchange, &passing->splice, SPLICE_PIPE_BYTES);
	if (got != EXCHANGE_UNABLE)
		return got;
	*ret_held = false;
	return exchange_read(exchange, forwarding->piece + (chunked ? CHUNK_SIZE_ROOM : 0),
	    FORWARDING_PIECE - (chunked ? CHUNK_ROOM : 0));
}

/* What send_bytes() is to send of a piece: framed as announced in the head. */
static struct span
bytes_of(const struct forwarding *forwarding, bool held, size_t len)
{
	if (held)
		return (struct span){ NULL, len };
	if (exchange_request(forwarding->exchange)->framing == BODY_CHUNKED)
		return make_chunk(forwarding->piece, len);
	return (struct span){ forwarding->piece, len };
}

/* One piece from the client to the upstream. */
static enum reason
move_piece(struct forwarding *forwarding, struct passing *passing)
{
	const struct request *request = exchange_request(forwarding->exchange);
	struct forwarded *result = forwarding->result;
	bool held;
	ssize_t got = take_piece(forwarding, passing, &held);

	forwarding->body_touched = true;
	if (got == EXCHANGE_LATE && held)
		return REASON_OK; /* the upstream may have its turn meanwhile */
	if (got == EXCHANGE_LATE)
		return stop(forwarding, REASON_REQUEST_TIMEOUT, "the body did not arrive in time");
	if (got < 0)
		return stop(forwarding, REASON_REQUEST_MALFORMED,
		    "the body ended early or is framed incorrectly");
	result->bytes_in += got;
	passing->more = got > 0 && (request->framing == BODY_CHUNKED ||
				       result->bytes_in < request->content_length);
	if (got == 0)
		return REASON_OK;
	if (forwarding->forward->body_limit > 0 &&
	    result->bytes_in > forwarding->forward->body_limit)
		return stop(
		    forwarding, REASON_BODY_TOO_LARGE, "the body is larger than limits.body_bytes");
	return send_bytes(forwarding, passing, bytes_of(forwarding, held, (size_t)got));
}

/* The client may send the body now. It hears so once, even if the request is sent again. */
static bool
invite(struct forwarding *forwarding)
{
	if (forwarding->invited || !exchange_request(forwarding->exchange)->expects_continue)
		return true;
	forwarding->invited = true;
	return exchange_write(forwarding->exchange, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}

static enum reason
upload(struct forwarding *forwarding, struct passing *passing)
{
	const struct request *request = exchange_request(forwarding->exchange);
	enum reason reason = REASON_OK;

	if (!invite(forwarding))
		return forwarding_client_gone(forwarding);
	while (reason == REASON_OK && passing->more && !forwarding->upload_broken) {
		switch (whose_turn(forwarding)) {
		case UPSTREAMS_TURN:
			reason = relay_early(forwarding, &forwarding->upload_broken);
			break;
		case NOBODYS_TURN:
			return stop(
			    forwarding, REASON_REQUEST_TIMEOUT, "the body did not arrive in time");
		case CLIENTS_TURN:
			reason = move_piece(forwarding, passing);
			break;
		}
	}
	if (reason == REASON_OK && !forwarding->upload_broken && request->framing == BODY_CHUNKED)
		reason = send_bytes(forwarding, passing, SPAN("0\r\n\r\n"));
	return reason;
}

static void
upload_by_piece(struct forwarding *forwarding, void *context)
{
	struct passing *passing = context;

	passing->reason = upload(forwarding, passing);
}

enum reason
upload_body(struct forwarding *forwarding)
{
	const struct request *request = exchange_request(forwarding->exchange);
	struct passing passing = { .reason = REASON_OK, .more = true };

	if (request->framing != BODY_CHUNKED && request->content_length <= 0)
		return REASON_OK;
	passing.spliced = request->framing == BODY_LENGTH &&
			  request->content_length >= FORWARDING_LONG &&
			  forwarding->conn->tls == NULL && exchange_direct(forwarding->exchange) &&
			  splice_open(&passing.splice);
	forwarding_with_piece(forwarding, upload_by_piece, &passing);
	if (passing.spliced)
		splice_close(&passing.splice);
	return passing.reason;
}

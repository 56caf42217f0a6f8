/* SPDX-License-Identifier: Apache-2.0 */
/* The request's body on its way to the upstream. */
#include <stdio.h>

#include "base/clock.h"
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

	if (exchange_buffered(forwarding->exchange) || fds[1].fd < 0)
		return CLIENTS_TURN;
	if (wait_any(fds, 2, exchange_body_until_us(forwarding->exchange)) <= 0)
		return NOBODYS_TURN;
	return fds[0].revents != 0 ? UPSTREAMS_TURN : CLIENTS_TURN;
}

/* Send a piece of the body, framed as announced in the head. */
static bool
send_piece(struct forwarding *forwarding, size_t len)
{
	struct span piece = { forwarding->piece, len };
	struct buffer *framed = &forwarding->outgoing;

	forwarding_extend_timeout(forwarding);
	if (exchange_request(forwarding->exchange)->framing == BODY_LENGTH)
		return upstream_conn_write(forwarding->conn, piece);
	buffer_reset(framed);
	buffer_format(framed, "%zx\r\n", len);
	buffer_add(framed, piece);
	buffer_add(framed, SPAN("\r\n"));
	return !framed->failed && upstream_conn_write(forwarding->conn, buffer_span(framed));
}

/* One piece from the client to the upstream; *ret_more is false when there are no more. */
static enum reason
move_piece(struct forwarding *forwarding, bool *ret_more)
{
	ssize_t got = exchange_read(forwarding->exchange, forwarding->piece, FORWARDING_PIECE);
	const struct request *request = exchange_request(forwarding->exchange);
	struct forwarded *result = forwarding->result;

	forwarding->body_touched = true;
	if (got == EXCHANGE_LATE)
		return stop(forwarding, REASON_REQUEST_TIMEOUT, "the body did not arrive in time");
	if (got < 0)
		return stop(forwarding, REASON_REQUEST_MALFORMED,
		    "the body ended early or is framed incorrectly");
	result->bytes_in += got;
	*ret_more = got > 0 && (request->framing == BODY_CHUNKED ||
				   result->bytes_in < request->content_length);
	if (got == 0)
		return REASON_OK;
	if (forwarding->forward->body_limit > 0 &&
	    result->bytes_in > forwarding->forward->body_limit)
		return stop(
		    forwarding, REASON_BODY_TOO_LARGE, "the body is larger than limits.body_bytes");
	forwarding->upload_broken = !send_piece(forwarding, (size_t)got);
	return REASON_OK;
}

static enum reason
upload(struct forwarding *forwarding)
{
	const struct request *request = exchange_request(forwarding->exchange);
	enum reason reason = REASON_OK;
	bool more = true;

	if (request->expects_continue &&
	    !exchange_write(forwarding->exchange, SPAN("HTTP/1.1 100 Continue\r\n\r\n")))
		return forwarding_client_gone(forwarding);
	while (reason == REASON_OK && more && !forwarding->upload_broken) {
		switch (whose_turn(forwarding)) {
		case UPSTREAMS_TURN:
			reason = relay_early(forwarding, &forwarding->upload_broken);
			break;
		case NOBODYS_TURN:
			return stop(
			    forwarding, REASON_REQUEST_TIMEOUT, "the body did not arrive in time");
		case CLIENTS_TURN:
			reason = move_piece(forwarding, &more);
			break;
		}
	}
	if (reason == REASON_OK && !forwarding->upload_broken && request->framing == BODY_CHUNKED)
		forwarding->upload_broken =
		    !upstream_conn_write(forwarding->conn, SPAN("0\r\n\r\n"));
	buffer_reset(&forwarding->outgoing);
	return reason;
}

static void
upload_by_piece(struct forwarding *forwarding, void *ret_reason)
{
	*(enum reason *)ret_reason = upload(forwarding);
}

enum reason
upload_body(struct forwarding *forwarding)
{
	const struct request *request = exchange_request(forwarding->exchange);
	enum reason reason = REASON_OK;

	if (request->framing == BODY_CHUNKED || request->content_length > 0)
		forwarding_with_piece(forwarding, upload_by_piece, &reason);
	return reason;
}

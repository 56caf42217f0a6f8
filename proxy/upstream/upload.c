/* SPDX-License-Identifier: Apache-2.0 */
/* The request's body on its way to the upstream. */
#include <stdio.h>

#include "base/clock.h"
#include "proxy/io/await.h"
#include "proxy/upstream/carry.h"

static enum reason
stop(struct carry *carry, enum reason reason, const char *detail)
{
	carry->result->detail = detail;
	exchange_close(carry->exchange);
	return reason;
}

enum turn { CLIENTS_TURN, UPSTREAMS_TURN, NOBODYS_TURN };

/* Who speaks next? What stands ready of the body goes first. Then an upstream that gives its answer
 * before it has the whole body wants no more of it; an interim one (1xx) says that it goes on. */
static enum turn
whose_turn(struct carry *carry)
{
	struct pollfd fds[2] = {
		{ .fd = carry->link->socket, .events = POLLIN },
		{ .fd = exchange_socket(carry->exchange), .events = POLLIN },
	};

	if (exchange_holds(carry->exchange) || fds[1].fd < 0)
		return CLIENTS_TURN;
	if (await_any(fds, 2, exchange_body_until_us(carry->exchange)) <= 0)
		return NOBODYS_TURN;
	return fds[0].revents != 0 ? UPSTREAMS_TURN : CLIENTS_TURN;
}

/* A piece of the body, framed as the head said. */
static bool
send_piece(struct carry *carry, size_t len)
{
	struct span piece = { carry->piece, len };
	struct buffer *framed = &carry->outgoing;

	carry_patience(carry);
	if (exchange_request(carry->exchange)->framing == BODY_LENGTH)
		return link_write(carry->link, piece);
	buffer_reset(framed);
	buffer_format(framed, "%zx\r\n", len);
	buffer_add(framed, piece);
	buffer_add(framed, SPAN("\r\n"));
	return !framed->failed && link_write(carry->link, buffer_span(framed));
}

/* One piece from the client to the upstream; *ret_more is false when there are no more. */
static enum reason
move_piece(struct carry *carry, bool *ret_more)
{
	ssize_t got = exchange_read(carry->exchange, carry->piece, CARRY_PIECE);
	const struct request *request = exchange_request(carry->exchange);
	struct forwarded *result = carry->result;

	carry->body_touched = true;
	if (got == EXCHANGE_LATE)
		return stop(carry, REASON_REQUEST_MALFORMED, "the body did not come in time");
	if (got < 0)
		return stop(
		    carry, REASON_REQUEST_MALFORMED, "the body broke off or is framed wrongly");
	result->bytes_in += got;
	*ret_more = got > 0 && (request->framing == BODY_CHUNKED ||
				   result->bytes_in < request->content_length);
	if (got == 0)
		return REASON_OK;
	if (carry->forward->body_limit > 0 && result->bytes_in > carry->forward->body_limit)
		return stop(
		    carry, REASON_BODY_TOO_LARGE, "the body is larger than limits.body_bytes");
	carry->upload_broken = !send_piece(carry, (size_t)got);
	return REASON_OK;
}

enum reason
upload_body(struct carry *carry)
{
	const struct request *request = exchange_request(carry->exchange);
	enum reason reason = REASON_OK;
	bool more = request->framing == BODY_CHUNKED || request->content_length > 0;

	if (!more)
		return REASON_OK;
	if (request->expects_continue &&
	    !exchange_write(carry->exchange, SPAN("HTTP/1.1 100 Continue\r\n\r\n")))
		return stop(carry, REASON_REQUEST_MALFORMED, "the client went away");
	while (reason == REASON_OK && more && !carry->upload_broken) {
		switch (whose_turn(carry)) {
		case UPSTREAMS_TURN:
			reason = relay_early(carry, &carry->upload_broken);
			break;
		case NOBODYS_TURN:
			return stop(
			    carry, REASON_REQUEST_MALFORMED, "the body did not come in time");
		case CLIENTS_TURN:
			reason = move_piece(carry, &more);
			break;
		}
	}
	if (reason == REASON_OK && !carry->upload_broken && request->framing == BODY_CHUNKED)
		carry->upload_broken = !link_write(carry->link, SPAN("0\r\n\r\n"));
	buffer_reset(&carry->outgoing);
	return reason;
}

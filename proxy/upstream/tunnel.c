/* SPDX-License-Identifier: Apache-2.0 */
/* After 101 Switching Protocols: bytes both ways. */
#include "base/clock.h"
#include "base/header_line.h"
#include "proxy/io/wait.h"
#include "proxy/upstream/forwarding.h"

/* The upstream must switch to the requested protocol; otherwise the answer is invalid. */
static bool
same_protocol(const struct forwarding *forwarding)
{
	struct span asked = request_header(exchange_request(forwarding->exchange), "Upgrade");

	for (size_t i = 0; i < forwarding->response.header_count; i++)
		if (span_equal_nocase(forwarding->response.headers[i].name, SPAN("Upgrade")))
			return span_equal_nocase(forwarding->response.headers[i].value, asked);
	return false;
}

static bool
selects_subprotocol(const struct response *response)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (span_equal_nocase(response->headers[i].name, SPAN("Sec-WebSocket-Protocol")))
			return true;
	return false;
}

static void
add_head(struct forwarding *forwarding)
{
	struct buffer *out = &forwarding->outgoing;

	buffer_reset(out);
	buffer_add(out, SPAN("HTTP/1.1 101 Switching Protocols\r\n"));
	header_line_add(out, SPAN("Connection"), SPAN("upgrade"));
	header_line_add(out, SPAN("Upgrade"),
	    request_header(exchange_request(forwarding->exchange), "Upgrade"));
	relay_add_headers(forwarding);
	/* browsers close a connection whose answer selects none of what they offered */
	if (forwarding->forward->bearer_offered && !selects_subprotocol(&forwarding->response))
		header_line_add(out, SPAN("Sec-WebSocket-Protocol"), SPAN("bearer"));
	header_line_add(out, SPAN("X-Request-Id"), forwarding->forward->request_id);
	buffer_add(out, SPAN("\r\n"));
	buffer_add(out, span_slice(buffer_span(&forwarding->incoming),
			    forwarding->response.head_bytes, forwarding->incoming.len));
}

/* Copy the client's bytes to the upstream. */
static bool
client_to_upstream(struct forwarding *forwarding)
{
	ssize_t got = exchange_receive(forwarding->exchange, forwarding->piece, FORWARDING_PIECE);

	if (got == EXCHANGE_LATE)
		return true;
	if (got <= 0)
		return false;
	forwarding->result->bytes_in += got;
	/* silence is no reason to end a tunnel; an upstream that does not read is */
	upstream_conn_timeout(
	    forwarding->conn, forwarding->forward->upstream_timeout_ms * INT64_C(1000));
	return upstream_conn_write(
	    forwarding->conn, (struct span){ forwarding->piece, (size_t)got });
}

static bool
upstream_to_client(struct forwarding *forwarding)
{
	ssize_t got = upstream_conn_read_now(forwarding->conn, forwarding->piece, FORWARDING_PIECE);

	if (got == LINK_LATE)
		return true;
	if (got <= 0)
		return false;
	forwarding->result->bytes_out += got;
	return exchange_write(
	    forwarding->exchange, (struct span){ forwarding->piece, (size_t)got });
}

/* Whose bytes go next, as upstream_conn_wait() says. */
static int
next_turn(struct forwarding *forwarding)
{
	if (exchange_buffered(forwarding->exchange))
		return forwarding_may_last(forwarding) ? 2 : -1;
	return forwarding_wait(forwarding, exchange_socket(forwarding->exchange));
}

static void
pass(struct forwarding *forwarding, void *context)
{
	bool open = true;

	(void)context;
	while (open) {
		int ready;

		forwarding_extend_timeout(forwarding);
		ready = next_turn(forwarding);
		open = ready > 0 && ((ready & 1) == 0 || upstream_to_client(forwarding)) &&
		       ((ready & 2) == 0 || client_to_upstream(forwarding));
	}
}

void
tunnel_run(struct forwarding *forwarding)
{
	bool open = exchange_socket(forwarding->exchange) >= 0 && same_protocol(forwarding);

	exchange_close(forwarding->exchange);
	if (!open) {
		forwarding->result->reason = REASON_UPSTREAM_MALFORMED;
		forwarding->result->detail =
		    "the upstream switches to a protocol that was not requested";
		return;
	}
	add_head(forwarding);
	if (!forwarding->outgoing.failed &&
	    exchange_write(forwarding->exchange, buffer_span(&forwarding->outgoing)))
		forwarding_with_piece(forwarding, pass, NULL);
}

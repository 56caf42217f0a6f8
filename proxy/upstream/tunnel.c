/* SPDX-License-Identifier: Apache-2.0 */
/* After 101 Switching Protocols: bytes both ways. */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/await.h"
#include "proxy/upstream/carry.h"
#include "proxy/http/header.h"

/* The protocol that was asked for is the one that is switched to, or the answer is none. */
static bool
same_protocol(const struct carry *carry)
{
	struct span asked = request_header(exchange_request(carry->exchange), "Upgrade");

	for (size_t i = 0; i < carry->response.header_count; i++)
		if (span_equal_nocase(carry->response.headers[i].name, SPAN("Upgrade")))
			return span_equal_nocase(carry->response.headers[i].value, asked);
	return false;
}

static void
add_head(struct carry *carry)
{
	struct buffer *out = &carry->outgoing;

	buffer_reset(out);
	buffer_add(out, SPAN("HTTP/1.1 101 Switching Protocols\r\n"));
	header_add(out, SPAN("Connection"), SPAN("upgrade"));
	header_add(
	    out, SPAN("Upgrade"), request_header(exchange_request(carry->exchange), "Upgrade"));
	relay_add_headers(carry);
	buffer_add(out, carry->forward->answer_headers);
	buffer_add(out, SPAN("\r\n"));
	buffer_add(out, span_slice(buffer_span(&carry->incoming), carry->response.head_bytes,
			    carry->incoming.len));
}

/* What the client says goes to the upstream. */
static bool
client_to_link(struct carry *carry)
{
	ssize_t got =
	    recv(exchange_socket(carry->exchange), carry->piece, CARRY_PIECE, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	carry->result->bytes_in += got;
	return link_write(carry->link, (struct span){ carry->piece, (size_t)got });
}

static bool
link_to_client(struct carry *carry)
{
	ssize_t got = link_read(carry->link, carry->piece, CARRY_PIECE);

	if (got <= 0)
		return false;
	carry->result->bytes_out += got;
	return exchange_write(carry->exchange, (struct span){ carry->piece, (size_t)got });
}

void
tunnel_run(struct carry *carry)
{
	bool open = exchange_socket(carry->exchange) >= 0 && same_protocol(carry);

	exchange_close(carry->exchange);
	if (!open) {
		carry->result->reason = REASON_UPSTREAM_MALFORMED;
		carry->result->detail =
		    "the upstream switches to another protocol than was asked for";
		return;
	}
	add_head(carry);
	open = !carry->outgoing.failed &&
	       exchange_write(carry->exchange, buffer_span(&carry->outgoing)) &&
	       link_write(carry->link, exchange_beyond(carry->exchange));
	while (open) {
		int ready;

		carry_patience(carry);
		ready = link_wait(carry->link, exchange_socket(carry->exchange));
		open = ready > 0 && ((ready & 1) == 0 || link_to_client(carry)) &&
		       ((ready & 2) == 0 || client_to_link(carry));
	}
}

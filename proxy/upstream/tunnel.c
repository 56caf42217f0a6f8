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
	struct span first = span_slice(buffer_span(&forwarding->incoming),
	    forwarding->response.head_bytes, forwarding->incoming.len);

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
	buffer_add(out, first);
	forwarding->result->bytes_out += (int64_t)first.len;
}

/* One direction: what was read and does not go out yet. It waits in a buffer, since the piece is
 * for the next read; most tunnels never need one. */
struct way {
	struct buffer *waiting;
	struct span left;
	bool fresh; /* what is left is in the piece */
	bool ended; /* there is nothing more to read */
	int64_t timeout_us;
	int64_t late_us; /* when some of what is left must have gone out */
	int64_t *bytes;
};

/* Neither direction waits for the other: a side may read nothing until it has said what it has to
 * say. */
struct tunnel {
	struct forwarding *forwarding;
	struct way up, down; /* to the upstream, to the client */
	int64_t silent_us;   /* when neither has said anything for too long */
	bool deaf;           /* the upstream reads nothing any more, and may have last words */
};

static bool
goes_on(const struct tunnel *tunnel)
{
	return (!tunnel->up.ended || tunnel->up.left.len > 0) &&
	       (!tunnel->down.ended || tunnel->down.left.len > 0);
}

/* What reading gave. */
static void
took(struct tunnel *tunnel, struct way *way, ssize_t got)
{
	int64_t now_us = clock_mono_us();

	if (got == LINK_LATE)
		return;
	way->ended = got <= 0;
	if (way->ended)
		return;
	*way->bytes += got;
	way->left = (struct span){ tunnel->forwarding->piece, (size_t)got };
	way->fresh = true;
	way->late_us = now_us + way->timeout_us;
	tunnel->silent_us = now_us + tunnel->forwarding->forward->stream_timeout_ms * INT64_C(1000);
}

/* What writing gave. False: that side reads nothing any more, or there is no memory. */
static bool
gave(struct way *way, ssize_t put)
{
	if (put > 0) {
		way->left = span_slice(way->left, (size_t)put, way->left.len);
		way->late_us = clock_mono_us() + way->timeout_us;
	}
	if (put <= 0 && put != LINK_LATE)
		return false;
	if (way->left.len > 0 && way->fresh) {
		buffer_reset(way->waiting);
		buffer_add(way->waiting, way->left);
		way->left = buffer_span(way->waiting);
	}
	way->fresh = false;
	return !way->waiting->failed;
}

static void
go_up(struct tunnel *tunnel, bool readable)
{
	struct forwarding *forwarding = tunnel->forwarding;
	struct way *up = &tunnel->up;

	if (readable)
		took(tunnel, up,
		    exchange_receive(forwarding->exchange, forwarding->piece, FORWARDING_PIECE));
	if (up->left.len == 0 || gave(up, upstream_conn_write_now(forwarding->conn, up->left)))
		return;
	up->left.len = 0;
	tunnel->deaf = true;
}

/* False: the client is gone. */
static bool
go_down(struct tunnel *tunnel, bool readable)
{
	struct forwarding *forwarding = tunnel->forwarding;
	struct way *down = &tunnel->down;

	if (readable)
		took(tunnel, down,
		    upstream_conn_read_now(forwarding->conn, forwarding->piece, FORWARDING_PIECE));
	return down->left.len == 0 || gave(down, exchange_send(forwarding->exchange, down->left));
}

static bool
is_late(const struct way *way, int64_t now_us)
{
	return way->left.len > 0 && way->late_us <= now_us;
}

/* It ends with a reset: what was said is not all. */
static void
end_late(struct tunnel *tunnel)
{
	struct forwarding *forwarding = tunnel->forwarding;
	struct forwarded *result = forwarding->result;
	int64_t now_us = clock_mono_us();

	result->aborted = true;
	if (is_late(&tunnel->down, now_us)) {
		result->reason = REASON_CLIENT_GONE;
		result->detail = "the client stopped reading the tunnel";
	} else if (is_late(&tunnel->up, now_us)) {
		result->detail = forwarding_fault(
		    forwarding, UPSTREAM_TIMEOUT, "the upstream stopped reading the tunnel");
	} else {
		result->detail = "the tunnel was silent for stream_timeout";
	}
	exchange_abort(forwarding->exchange);
}

static int64_t
earliest_us(const struct tunnel *tunnel)
{
	int64_t until_us = tunnel->silent_us;

	if (is_late(&tunnel->up, until_us))
		until_us = tunnel->up.late_us;
	return is_late(&tunnel->down, until_us) ? tunnel->down.late_us : until_us;
}

/* What to wait for at the side that `from` comes from and `to` goes to. */
static short
events_of(const struct way *from, const struct way *to)
{
	return (short)((from->left.len == 0 && !from->ended ? POLLIN : 0) |
		       (to->left.len > 0 ? POLLOUT : 0));
}

static bool
is_readable(const struct pollfd *fd)
{
	return (fd->events & POLLIN) != 0 && (fd->revents & ~POLLOUT) != 0;
}

/* Move what can be moved. False: that was all. */
static bool
step(struct tunnel *tunnel)
{
	struct forwarding *forwarding = tunnel->forwarding;
	struct pollfd fds[2] = { { .events = events_of(&tunnel->down, &tunnel->up) },
		{ .fd = exchange_socket(forwarding->exchange),
		    .events = events_of(&tunnel->up, &tunnel->down) } };
	bool held;
	int ready;

	if (tunnel->deaf)
		fds[1].events &= POLLOUT;
	held = (fds[1].events & POLLIN) != 0 && exchange_buffered(forwarding->exchange);
	ready = forwarding_wait(forwarding, fds, held ? WAIT_NOT_AT_ALL : earliest_us(tunnel));
	if (held)
		fds[1].revents |= POLLIN;
	if (ready == 0 && !held)
		end_late(tunnel);
	if (ready < 0 || (ready == 0 && !held))
		return false;
	if (!go_down(tunnel, is_readable(&fds[0])))
		return false;
	go_up(tunnel, is_readable(&fds[1]));
	return true;
}

static void
pass(struct forwarding *forwarding, void *context)
{
	const struct forward *forward = forwarding->forward;
	struct tunnel tunnel = { .forwarding = forwarding,
		.up = { .waiting = &forwarding->incoming,
		    .timeout_us = forward->upstream_timeout_ms * INT64_C(1000),
		    .bytes = &forwarding->result->bytes_in },
		.down = { .waiting = &forwarding->outgoing,
		    .timeout_us = exchange_write_timeout_us(forwarding->exchange),
		    .bytes = &forwarding->result->bytes_out },
		.silent_us = clock_mono_us() + forward->stream_timeout_ms * INT64_C(1000) };

	(void)context;
	while (goes_on(&tunnel) && step(&tunnel))
		;
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

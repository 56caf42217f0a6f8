/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/serving.h"

#include <string.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/listener/events/greeting.h"
#include "proxy/listener/events/handshake.h"
#include "proxy/listener/events/request_body.h"

/* The handshake was in time; of a connection that outlives its certificate no request has one. */
static bool
has_outlived(const struct conn *conn)
{
	return conn->certificate != NULL && clock_now_s() > conn->certificate->until_s;
}

static void
begin(struct events_exchange *exchange, struct conn *conn)
{
	struct request *request = &exchange->base.request;

	/* The array of headers is left as it is: nothing is read beyond their count. */
	memset((char *)exchange + sizeof(*request), 0, sizeof(*exchange) - sizeof(*request));
	request->method = request->target = request->host = request->sent_host = (struct span){ 0 };
	request->version_minor = 0;
	request->header_count = 0;
	request->framing = BODY_NONE;
	request->content_length = 0;
	request->expects_continue = request->keep_alive = false;
	request->secure = conn->tls != NULL;
	request->certificate = has_outlived(conn) ? NULL : conn->certificate;
	request->detail = NULL;
	memcpy(request->peer, conn->peer, sizeof(request->peer));
	request->peer_port = conn->peer_port;
	request->proxy[0] = '\0';
	request->concealed = false;
	greeting_apply(conn, request);
	exchange->base.socket = conn->socket;
	exchange->conn = conn;
	exchange_begin(&exchange->base, &conn->listener->base);
}

static struct serving_trouble
read_head(struct events_exchange *exchange, size_t head_end)
{
	struct conn *conn = exchange->conn;
	struct serving_trouble trouble = { REASON_OK, NULL };
	struct span head = { conn->buffer + conn->scan.start, head_end - conn->scan.start };
	enum request_head read = request_head_read(head, &exchange->base.request, &trouble.detail);

	exchange->held = exchange->room = conn->buffer + head_end;
	exchange->held_bytes = conn->held - head_end;
	exchange->room_bytes = (size_t)conn->listener->base.setup.header_bytes - head_end;
	if (exchange->room_bytes < EVENTS_BODY_ROOM)
		exchange->room_bytes = EVENTS_BODY_ROOM;
	if (read == REQUEST_HEAD_CROWDED)
		return (struct serving_trouble){ REASON_HEADER_TOO_LARGE, "more than 63 headers" };
	if (read == REQUEST_HEAD_BAD)
		trouble.reason = REASON_REQUEST_MALFORMED;
	return trouble;
}

/* The gate serves or refuses. */
static void
handle(struct events_exchange *exchange, struct serving_trouble trouble)
{
	struct listener *listener = exchange->base.listener;
	const struct listener_setup *setup = &listener->setup;

	if (trouble.reason != REASON_OK) {
		exchange_close(&exchange->base);
		setup->refuse(setup->context, &exchange->base, trouble.reason, trouble.detail);
		return;
	}
	/* with a new connection the client may show a new certificate */
	if (exchange->base.request.certificate != exchange->conn->certificate ||
	    atomic_load_explicit(&listener->draining, memory_order_relaxed))
		exchange_close(&exchange->base);
	setup->serve(setup->context, &exchange->base);
}

/* The bytes of the next request are moved to the front, or the connection is to be closed after the
 * client had time to read. */
static bool
end(struct events_exchange *exchange)
{
	struct conn *conn = exchange->conn;
	int64_t timeout_ms =
	    fiber_current() == NULL ? 0 : conn->listener->base.setup.write_timeout_ms;

	if (exchange->base.aborted)
		tls_abort(conn->tls);
	if (handshake_is_former(conn) || !exchange_keep_alive(&exchange->base)) {
		if (exchange->base.aborted || !channel_end(conn_channel(conn), timeout_ms * 1000))
			conn->forsaken = true;
		return false;
	}
	if (exchange->held_bytes > 0)
		memmove(conn->buffer, exchange->held, exchange->held_bytes);
	conn->held = exchange->held_bytes;
	conn->scan = (struct request_scan){ 0 };
	return true;
}

bool
serving_run(struct conn *conn, size_t head_end, struct serving_trouble trouble)
{
	struct events_exchange exchange;

	begin(&exchange, conn);
	if (trouble.reason == REASON_OK)
		trouble = read_head(&exchange, head_end);
	handle(&exchange, trouble);
	return end(&exchange);
}

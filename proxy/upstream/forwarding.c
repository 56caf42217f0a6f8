/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/forwarding.h"

#include "base/clock.h"

#define ASK_EVERY_US INT64_C(1000000)

OWN_FRAME void
forwarding_with_piece(struct forwarding *forwarding,
    void (*use)(struct forwarding *forwarding, void *context), void *context)
{
	char piece[FORWARDING_PIECE];

	forwarding->piece = piece;
	use(forwarding, context);
	forwarding->piece = NULL;
}

void
forwarding_extend_timeout(struct forwarding *forwarding)
{
	const struct forward *forward = forwarding->forward;

	upstream_conn_timeout(forwarding->conn,
	    (forwarding->streams ? forward->stream_timeout_ms : forward->upstream_timeout_ms) *
		INT64_C(1000));
}

bool
forwarding_may_last(struct forwarding *forwarding)
{
	int64_t now_us = clock_mono_us();
	const char *why;

	if (!forwarding->watched || now_us < forwarding->ask_us)
		return true;
	forwarding->ask_us = now_us + ASK_EVERY_US;
	why = forwarding->forward->outlived(forwarding->forward->context);
	if (why == NULL)
		return true;
	forwarding->result->aborted = true;
	forwarding->result->detail = why;
	return false;
}

int
forwarding_wait(struct forwarding *forwarding, struct pollfd fds[2], int64_t until_us)
{
	int ready = 0;

	while (ready == 0) {
		bool ask;

		if (!forwarding_may_last(forwarding))
			return -1;
		ask = forwarding->watched && forwarding->ask_us < until_us;
		ready =
		    upstream_conn_wait(forwarding->conn, fds, ask ? forwarding->ask_us : until_us);
		if (!ask)
			return ready;
	}
	return ready;
}

ssize_t
forwarding_read(struct forwarding *forwarding)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = 0 } };
	ssize_t got = LINK_LATE;

	forwarding_extend_timeout(forwarding);
	if (!forwarding->watched)
		return upstream_conn_read(forwarding->conn, forwarding->piece, FORWARDING_PIECE);
	while (got == LINK_LATE) {
		int64_t until_us = clock_mono_us() + forwarding->conn->timeout_us;
		int ready = forwarding_wait(forwarding, fds, until_us);

		if (ready <= 0)
			return ready == 0 ? LINK_LATE : LINK_BROKEN;
		/* what became readable under TLS may be no data */
		got = upstream_conn_read_now(forwarding->conn, forwarding->piece, FORWARDING_PIECE);
	}
	return got;
}

const char *
forwarding_fault(struct forwarding *forwarding, enum upstream_failure failure, const char *detail)
{
	upstream_failed(forwarding->result->upstream, failure);
	return detail;
}

enum reason
forwarding_fail(struct forwarding *forwarding, enum reason reason, const char *detail)
{
	forwarding->result->detail = detail;
	return reason;
}

enum reason
forwarding_client_gone(struct forwarding *forwarding)
{
	exchange_abort(forwarding->exchange);
	return forwarding_fail(
	    forwarding, REASON_CLIENT_GONE, "the client left before the answer was complete");
}

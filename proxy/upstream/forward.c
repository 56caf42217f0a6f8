/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/forward.h"

#include "base/clock.h"
#include "proxy/upstream/forwarding.h"

#define INCOMING_MAX (RESPONSE_MAX_HEAD + FORWARDING_PIECE)
#define OUTGOING_MAX (1u << 20)

/* Nearly every answer's head, and many answers. */
#define ORDINARY_BYTES 2048

/* Idempotent methods (RFC 9110 section 9.2.2). */
static bool
idempotent(struct span method)
{
	return span_is(method, "GET") || span_is(method, "HEAD") || span_is(method, "PUT") ||
	       span_is(method, "DELETE") || span_is(method, "OPTIONS");
}

/* Send the request and read the head of the answer, once. */
static enum reason
ask(struct forwarding *forwarding, bool fresh)
{
	enum reason reason = forwarding_connect(forwarding, fresh);

	if (reason != REASON_OK)
		return reason;
	forwarding_extend_timeout(forwarding);
	buffer_reset(&forwarding->incoming);
	forwarding->upload_broken =
	    !upstream_conn_write(forwarding->conn, forwarding->forward->head);
	if (!forwarding->upload_broken)
		reason = upload_body(forwarding);
	if (reason == REASON_OK)
		reason = relay_head(forwarding);
	forwarding->result->upstream_us = clock_mono_us() - forwarding->sent_us;
	return reason;
}

/* May the request be sent again? The upstream may have closed a pooled connection just as we took
 * it. Retrying is safe if no byte of an answer arrived, none of the body was read, and the method
 * is idempotent. True: a retry is spent. */
static bool
may_ask_again(const struct forwarding *forwarding, enum reason reason)
{
	return reason == REASON_UPSTREAM_UNREACHABLE && forwarding->conn != NULL &&
	       forwarding->conn->reused && forwarding->incoming.len == 0 &&
	       forwarding->interims == 0 && !forwarding->body_touched &&
	       idempotent(exchange_request(forwarding->exchange)->method) &&
	       retry_budget_spend(&forwarding->forward->group->budget);
}

/* Note a failure after connecting; failures to connect are noted where they happen. */
static void
note_failure(struct forwarding *forwarding, enum reason reason)
{
	struct upstream *upstream = forwarding->result->upstream;

	if (forwarding->conn == NULL)
		return;
	if (reason == REASON_UPSTREAM_TIMEOUT)
		upstream_failed(upstream, UPSTREAM_TIMEOUT);
	else if (reason == REASON_UPSTREAM_MALFORMED)
		upstream_failed(upstream, UPSTREAM_MALFORMED);
	else if (reason == REASON_UPSTREAM_UNREACHABLE)
		upstream_failed(upstream, UPSTREAM_RESET);
}

/* A body above this size, or of unknown size, may take long to send. */
#define SOON_OVER_BYTES (256 << 10)

static bool
may_last(const struct response *response)
{
	return response->status == 101 || response->framing == RESPONSE_CHUNKED ||
	       response->framing == RESPONSE_CLOSE ||
	       (response->framing == RESPONSE_LENGTH && response->content_length > SOON_OVER_BYTES);
}

/* Is it a tunnel, or a stream of events (WHATWG HTML section 9.2)? */
static bool
is_stream(const struct response *response)
{
	for (size_t i = 0; i < response->header_count; i++) {
		struct span value = response->headers[i].value;
		struct span type = span_trim(span_slice(value, 0, span_find(value, ';')));

		if (span_equal_nocase(response->headers[i].name, SPAN("Content-Type")) &&
		    span_equal_nocase(type, SPAN("text/event-stream")))
			return true;
	}
	return response->status == 101;
}

static void
forwarding_run(struct forwarding *forwarding)
{
	enum reason reason = ask(forwarding, false);

	if (!forwarding->client->gone && may_ask_again(forwarding, reason)) {
		upstream_count_one(upstream_count(forwarding->result->upstream), UPSTREAM_RETRIES);
		upstream_conn_close(forwarding->conn);
		forwarding->conn = NULL;
		reason = ask(forwarding, true);
	}
	if (forwarding->client->gone)
		reason = forwarding_client_gone(forwarding);
	forwarding->result->reason = reason;
	if (reason != REASON_OK) {
		note_failure(forwarding, reason);
		return;
	}
	upstream_answered(forwarding->result->upstream, forwarding->result->upstream_us);
	if (forwarding->forward->location != NULL)
		forwarding->forward->location->authority =
		    upstream_authority(forwarding->result->upstream);
	forwarding->result->detail = NULL;
	forwarding->result->status = forwarding->response.status;
	if (may_last(&forwarding->response)) {
		if (forwarding->forward->lasts != NULL)
			forwarding->forward->lasts(forwarding->forward->context);
		forwarding->streams = is_stream(&forwarding->response);
		forwarding->watched = forwarding->streams && forwarding->forward->outlived != NULL;
	}
	if (forwarding->response.status == 101)
		tunnel_run(forwarding);
	else
		relay_answer(forwarding);
	note_failure(forwarding, forwarding->result->reason);
}

void
forward_request(
    struct exchange *exchange, const struct forward *forward, struct forwarded *ret_forwarded)
{
	struct forwarding forwarding = {
		.exchange = exchange,
		.forward = forward,
		.result = ret_forwarded,
	};
	struct header headers[RESPONSE_MAX_HEADERS];
	char incoming[ORDINARY_BYTES], outgoing[ORDINARY_BYTES];
	struct wait_client client;

	*ret_forwarded = (struct forwarded){ .reason = REASON_OVERLOADED };
	buffer_init_within(&forwarding.incoming, INCOMING_MAX, incoming, sizeof(incoming));
	buffer_init_within(&forwarding.outgoing, OUTGOING_MAX, outgoing, sizeof(outgoing));
	forwarding.response.headers = headers;
	forwarding.client = &client;
	wait_attend(&client, exchange_socket(exchange));
	if (forwarding_choose(&forwarding))
		forwarding_run(&forwarding);
	forwarding_leave(&forwarding);
	wait_attend(NULL, -1);
	upstream_conn_close(forwarding.conn);
	buffer_done(&forwarding.incoming);
	buffer_done(&forwarding.outgoing);
}

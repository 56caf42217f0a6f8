/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/forward.h"

#include "base/clock.h"
#include "proxy/upstream/carry.h"

#define INCOMING_MAX (RESPONSE_MAX_HEAD + CARRY_PIECE)
#define OUTGOING_MAX (1u << 20)

void
carry_patience(struct carry *carry)
{
	link_patience(carry->link, carry->forward->upstream_timeout_ms * INT64_C(1000));
}

static enum reason
trouble(struct carry *carry, enum reason reason, const char *detail)
{
	carry->result->detail = detail;
	return reason;
}

static enum reason
connect_link(struct carry *carry, bool fresh)
{
	int64_t start_us = clock_mono_us();
	int64_t deadline_us = start_us + carry->forward->upstream_timeout_ms * INT64_C(1000);
	struct err err = { "" };
	enum reason reason =
	    link_open(carry->forward->upstream, fresh, deadline_us, &carry->link, &err);

	carry->result->connect_us += clock_mono_us() - start_us;
	if (reason != REASON_OK)
		return trouble(carry, reason, arena_format(carry->forward->arena, "%s", err.text));
	return REASON_OK;
}

/* Methods that may be done twice without harm (RFC 9110 section 9.2.2). */
static bool
idempotent(struct span method)
{
	return span_is(method, "GET") || span_is(method, "HEAD") || span_is(method, "PUT") ||
	       span_is(method, "DELETE") || span_is(method, "OPTIONS");
}

/* One way to the upstream and back to the head of its answer. */
static enum reason
ask(struct carry *carry, bool fresh)
{
	enum reason reason = connect_link(carry, fresh);

	if (reason != REASON_OK)
		return reason;
	carry_patience(carry);
	buffer_reset(&carry->incoming);
	carry->sent_us = clock_mono_us();
	carry->upload_broken = !link_write(carry->link, carry->forward->head);
	if (!carry->upload_broken)
		reason = upload_body(carry);
	if (reason == REASON_OK)
		reason = relay_head(carry);
	carry->result->upstream_us = clock_mono_us() - carry->sent_us;
	return reason;
}

/* A kept connection may have been closed by the other side just as we took it. Then nothing was
 * lost: no byte of an answer came and none of a body was read. */
static bool
may_ask_again(const struct carry *carry, enum reason reason)
{
	return reason == REASON_UPSTREAM_UNREACHABLE && carry->link != NULL &&
	       carry->link->reused && carry->incoming.len == 0 && carry->interims == 0 &&
	       !carry->body_touched && idempotent(exchange_request(carry->exchange)->method);
}

/* What went wrong after the connection was there; what came before it counts itself. */
static void
count_failure(struct carry *carry, enum reason reason)
{
	struct upstream_count *count = upstream_count(carry->forward->upstream);

	if (carry->link == NULL)
		return;
	if (reason == REASON_UPSTREAM_TIMEOUT)
		upstream_count_failure(count, UPSTREAM_TIMEOUT);
	else if (reason == REASON_UPSTREAM_MALFORMED)
		upstream_count_failure(count, UPSTREAM_MALFORMED);
	else if (reason == REASON_UPSTREAM_UNREACHABLE)
		upstream_count_failure(count, UPSTREAM_RESET);
}

/* More than a few writes, or nobody knows how many. */
#define SOON_OVER_BYTES (256 << 10)

static bool
may_last(const struct response *response)
{
	return response->status == 101 || response->framing == RESPONSE_CHUNKED ||
	       response->framing == RESPONSE_CLOSE ||
	       (response->framing == RESPONSE_LENGTH && response->content_length > SOON_OVER_BYTES);
}

static void
carry_out(struct carry *carry)
{
	enum reason reason = ask(carry, false);

	if (may_ask_again(carry, reason)) {
		link_close(carry->link);
		carry->link = NULL;
		reason = ask(carry, true);
	}
	carry->result->reason = reason;
	if (reason != REASON_OK) {
		count_failure(carry, reason);
		return;
	}
	upstream_count_answer(upstream_count(carry->forward->upstream), carry->result->upstream_us);
	carry->result->detail = NULL;
	carry->result->status = carry->response.status;
	if (carry->forward->lasts != NULL && may_last(&carry->response))
		carry->forward->lasts(carry->forward->context);
	if (carry->response.status == 101)
		tunnel_run(carry);
	else
		relay_answer(carry);
	count_failure(carry, carry->result->reason);
}

void
forward_request(
    struct exchange *exchange, const struct forward *forward, struct forwarded *ret_forwarded)
{
	struct carry carry = {
		.exchange = exchange,
		.forward = forward,
		.result = ret_forwarded,
	};
	struct scratch *scratch = scratch_mine();

	*ret_forwarded = (struct forwarded){ .reason = REASON_OVERLOADED };
	buffer_init(&carry.incoming, INCOMING_MAX);
	buffer_init(&carry.outgoing, OUTGOING_MAX);
	if (scratch != NULL) {
		carry.piece = scratch->piece;
		carry.response.headers = scratch->headers;
		carry_out(&carry);
	}
	link_close(carry.link);
	buffer_done(&carry.incoming);
	buffer_done(&carry.outgoing);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream's answer on its way to the client. */
#include "base/clock.h"
#include "proxy/upstream/carry.h"
#include "proxy/http/header.h"

#define INTERIM_MOST 16 /* 1xx answers before the final one */

/* Room for our own lines beside what came. */
#define OUTGOING_MORE 256

static enum reason
trouble(struct carry *carry, enum reason reason, const char *detail)
{
	carry->result->detail = detail;
	return reason;
}

/* More of the answer's head. */
static enum reason
read_more(struct carry *carry)
{
	ssize_t got;

	carry_patience(carry);
	got = link_read(carry->link, carry->piece, CARRY_PIECE);
	if (got == LINK_LATE)
		return trouble(carry, REASON_UPSTREAM_TIMEOUT, "no answer in time");
	if (got <= 0 && carry->incoming.len == 0)
		return trouble(
		    carry, REASON_UPSTREAM_UNREACHABLE, "the upstream closed without an answer");
	if (got <= 0)
		return trouble(
		    carry, REASON_UPSTREAM_MALFORMED, "the answer broke off in its head");
	buffer_add(&carry->incoming, (struct span){ carry->piece, (size_t)got });
	return REASON_OK;
}

static enum reason
read_head(struct carry *carry)
{
	bool head_only = span_is(exchange_request(carry->exchange)->method, "HEAD");
	enum response_read read = RESPONSE_MORE;
	enum reason reason = REASON_OK;

	if (carry->incoming.len > 0)
		read = response_read(buffer_span(&carry->incoming), head_only, &carry->response);
	while (read == RESPONSE_MORE && reason == REASON_OK) {
		reason = read_more(carry);
		if (reason == REASON_OK)
			read = response_read(
			    buffer_span(&carry->incoming), head_only, &carry->response);
	}
	if (read == RESPONSE_BAD)
		return trouble(carry, REASON_UPSTREAM_MALFORMED, carry->response.detail);
	return reason;
}

static void
drop_head(struct carry *carry)
{
	struct buffer *incoming = &carry->incoming;
	size_t used = carry->response.head_bytes;

	memmove(incoming->at, incoming->at + used, incoming->len - used);
	incoming->len -= used;
}

static bool
ours_to_say(const struct response *response, struct span name)
{
	return (header_use(name) & (HEADER_HOP | HEADER_ANSWER)) != 0 ||
	       header_connection_names(response->headers, response->header_count, name);
}

void
relay_add_headers(struct carry *carry)
{
	const struct response *response = &carry->response;

	for (size_t i = 0; i < response->header_count; i++) {
		const struct header *header = &response->headers[i];

		if (!ours_to_say(response, header->name))
			header_add(&carry->outgoing, header->name, header->value);
	}
}

static void
add_head(struct carry *carry)
{
	const struct response *response = &carry->response;
	struct buffer *out = &carry->outgoing;

	buffer_add(out, SPAN("HTTP/1.1 "));
	buffer_add_number(out, response->status);
	buffer_add(out, SPAN(" "));
	buffer_add(out, response->reason_phrase);
	buffer_add(out, SPAN("\r\n"));
	relay_add_headers(carry);
}

/* Who forwards an answer without a Date says when it came (RFC 9110 section 6.6.1). */
static void
add_date(struct carry *carry)
{
	const struct response *response = &carry->response;

	for (size_t i = 0; i < response->header_count; i++)
		if (span_equal_nocase(response->headers[i].name, SPAN("Date")) &&
		    !ours_to_say(response, response->headers[i].name))
			return;
	header_add(&carry->outgoing, SPAN("Date"), span_of(clock_http_now()));
}

/* May the client see it? HTTP/1.0 knows no interim answers (RFC 9110 section 15.2), and who
 * expected a 100 had one of ours. */
static bool
wants_interim(struct carry *carry)
{
	const struct request *request = exchange_request(carry->exchange);

	return request->version_minor > 0 &&
	       !(carry->response.status == 100 && request->expects_continue);
}

/* A 103 and its kin are worth something only before the answer, so they go at once. */
static bool
pass_interim(struct carry *carry)
{
	bool written;

	if (!wants_interim(carry))
		return true;
	buffer_reset(&carry->outgoing);
	add_head(carry);
	buffer_add(&carry->outgoing, SPAN("\r\n"));
	written = !carry->outgoing.failed &&
		  exchange_write(carry->exchange, buffer_span(&carry->outgoing));
	buffer_reset(&carry->outgoing);
	return written;
}

/* Deal with the interim answer that was read. */
static enum reason
take_interim(struct carry *carry)
{
	if (carry->response.status == 101)
		return trouble(carry, REASON_UPSTREAM_MALFORMED,
		    "the upstream switches protocols without being asked");
	if (++carry->interims > INTERIM_MOST)
		return trouble(carry, REASON_UPSTREAM_MALFORMED, "too many interim answers");
	if (!pass_interim(carry))
		return trouble(carry, REASON_REQUEST_MALFORMED, "the client went away");
	drop_head(carry);
	return REASON_OK;
}

/* The answer itself, or the switch that was asked for: nothing interim. */
static bool
is_final(const struct carry *carry)
{
	return carry->response.status >= 200 ||
	       (carry->response.status == 101 && carry->forward->upgrade);
}

enum reason
relay_early(struct carry *carry, bool *ret_final)
{
	bool head_only = span_is(exchange_request(carry->exchange)->method, "HEAD");
	ssize_t got = link_read_now(carry->link, carry->piece, CARRY_PIECE);
	enum reason reason = REASON_OK;

	*ret_final = got != LINK_LATE && got <= 0;
	if (got > 0)
		buffer_add(&carry->incoming, (struct span){ carry->piece, (size_t)got });
	while (reason == REASON_OK && !*ret_final && carry->incoming.len > 0) {
		enum response_read read =
		    response_read(buffer_span(&carry->incoming), head_only, &carry->response);

		if (read == RESPONSE_MORE)
			return REASON_OK;
		*ret_final = read == RESPONSE_BAD || is_final(carry);
		if (!*ret_final)
			reason = take_interim(carry);
	}
	return reason;
}

enum reason
relay_head(struct carry *carry)
{
	enum reason reason = read_head(carry);

	while (reason == REASON_OK && !is_final(carry)) {
		reason = take_interim(carry);
		if (reason == REASON_OK)
			reason = read_head(carry);
	}
	return reason;
}

/* How the body goes out to the client. */
enum outward { OUT_NONE, OUT_PLAIN, OUT_CHUNKED };

static enum outward
settle_framing(struct carry *carry)
{
	const struct response *response = &carry->response;
	struct buffer *out = &carry->outgoing;
	bool old = exchange_request(carry->exchange)->version_minor == 0;
	bool delimited = response->framing == RESPONSE_NONE || response->framing == RESPONSE_LENGTH;

	if (delimited && response->content_length >= 0 && response->status != 204) {
		buffer_add(out, SPAN("Content-Length: "));
		buffer_add_number(out, response->content_length);
		buffer_add(out, SPAN("\r\n"));
	}
	if (!delimited && !old)
		header_add(out, SPAN("Transfer-Encoding"), SPAN("chunked"));
	if (!delimited && old)
		exchange_close(carry->exchange);
	if (!exchange_keeps(carry->exchange)) {
		exchange_close(carry->exchange);
		header_add(out, SPAN("Connection"), SPAN("close"));
	} else if (old) {
		header_add(out, SPAN("Connection"), SPAN("keep-alive"));
	}
	if (response->framing == RESPONSE_NONE)
		return OUT_NONE;
	return delimited || old ? OUT_PLAIN : OUT_CHUNKED;
}

static void
add_data(struct carry *carry, enum outward outward, struct span data)
{
	carry->result->bytes_out += (int64_t)data.len;
	if (data.len == 0)
		return;
	if (outward == OUT_CHUNKED)
		buffer_format(&carry->outgoing, "%zx\r\n", data.len);
	buffer_add(&carry->outgoing, data);
	if (outward == OUT_CHUNKED)
		buffer_add(&carry->outgoing, SPAN("\r\n"));
}

/* A body being passed on. */
struct passing {
	enum outward outward;
	struct chunks chunks;
	int64_t left; /* RESPONSE_LENGTH */
	bool done;
	bool surplus; /* bytes came that belong to no answer */
};

/* Take what came of the upstream's body into the outgoing buffer. False: it is framed wrongly. */
static bool
take_body(struct carry *carry, struct passing *passing, struct span bytes)
{
	enum response_read read = RESPONSE_MORE;
	struct span data;
	size_t used;

	switch (carry->response.framing) {
	case RESPONSE_NONE:
		break;
	case RESPONSE_CLOSE:
		add_data(carry, passing->outward, bytes);
		return true;
	case RESPONSE_LENGTH:
		data = bytes;
		if ((int64_t)data.len > passing->left)
			data.len = (size_t)passing->left;
		add_data(carry, passing->outward, data);
		passing->left -= (int64_t)data.len;
		passing->done = passing->left == 0;
		bytes = span_slice(bytes, data.len, bytes.len);
		break;
	case RESPONSE_CHUNKED:
		while (read == RESPONSE_MORE && bytes.len > 0) {
			read = chunks_read(&passing->chunks, bytes, &used, &data);
			add_data(carry, passing->outward, data);
			bytes = span_slice(bytes, used, bytes.len);
		}
		passing->done = read == RESPONSE_DONE;
		if (read == RESPONSE_BAD)
			return false;
		break;
	}
	passing->surplus = bytes.len > 0;
	return true;
}

static bool
flush(struct carry *carry)
{
	bool written = carry->outgoing.len == 0 ||
		       (!carry->outgoing.failed &&
			   exchange_write(carry->exchange, buffer_span(&carry->outgoing)));

	buffer_reset(&carry->outgoing);
	return written;
}

/* What the client has got must not pass for the whole. */
static void
abort_client(struct carry *carry, const char *detail)
{
	carry->result->aborted = true;
	carry->result->detail = detail;
	exchange_abort(carry->exchange);
}

/* The upstream's fault is counted as one, and told. */
static const char *
fault(struct carry *carry, enum upstream_failure failure, const char *detail)
{
	upstream_count_failure(upstream_count(carry->forward->upstream), failure);
	return detail;
}

/* Pass on what is still to come. NULL, or why it broke off. */
static const char *
pass_rest(struct carry *carry, struct passing *passing)
{
	while (!passing->done) {
		ssize_t got;

		if (!flush(carry))
			return "the client went away";
		carry_patience(carry);
		got = link_read(carry->link, carry->piece, CARRY_PIECE);
		if (got == LINK_END && carry->response.framing == RESPONSE_CLOSE)
			passing->done = true;
		else if (got == LINK_LATE)
			return fault(carry, UPSTREAM_TIMEOUT,
			    "the upstream fell silent in the middle of its answer");
		else if (got <= 0)
			return fault(carry, UPSTREAM_RESET,
			    "the upstream closed in the middle of its answer");
		else if (!take_body(carry, passing, (struct span){ carry->piece, (size_t)got }))
			return fault(carry, UPSTREAM_MALFORMED,
			    "the upstream's chunked body is framed wrongly");
	}
	return NULL;
}

void
relay_answer(struct carry *carry)
{
	const struct response *response = &carry->response;
	struct passing passing = { .left = response->content_length };
	const char *broken = NULL;

	buffer_reset(&carry->outgoing);
	buffer_reserve(&carry->outgoing, carry->incoming.len + OUTGOING_MORE);
	add_head(carry);
	add_date(carry);
	passing.outward = settle_framing(carry);
	passing.done = response->framing == RESPONSE_NONE;
	buffer_add(&carry->outgoing, carry->forward->answer_headers);
	buffer_add(&carry->outgoing, SPAN("\r\n"));
	if (!take_body(carry, &passing,
		span_slice(
		    buffer_span(&carry->incoming), response->head_bytes, carry->incoming.len))) {
		/* Nothing was written yet, so the client can still be told. */
		carry->result->reason = trouble(carry, REASON_UPSTREAM_MALFORMED,
		    "the upstream's chunked body is framed wrongly");
		return;
	}
	if (broken == NULL)
		broken = pass_rest(carry, &passing);
	if (broken == NULL && passing.outward == OUT_CHUNKED)
		buffer_add(&carry->outgoing, SPAN("0\r\n\r\n"));
	if (broken == NULL && !flush(carry))
		broken = "the client went away";
	if (broken != NULL) {
		abort_client(carry, broken);
	} else if (response->keep_alive && !passing.surplus && !carry->upload_broken) {
		link_keep(carry->link);
		carry->link = NULL;
	}
}

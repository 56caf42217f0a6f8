/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream's answer on its way to the client: see relay_head.c for what comes before it. */
#include "base/clock.h"
#include "base/header_line.h"
#include "proxy/io/splice.h"
#include "proxy/upstream/forwarding.h"
#include "proxy/http/header.h"

#define OUTGOING_MORE 256 /* for our own headers in addition to the upstream's */

/* An answer without a Date gets one when it is forwarded (RFC 9110 section 6.6.1). */
static void
add_date(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;

	for (size_t i = 0; i < response->header_count; i++)
		if (span_equal_nocase(response->headers[i].name, SPAN("Date")) &&
		    !header_connection_names(
			response->headers, response->header_count, SPAN("Date")))
			return;
	header_line_add(&forwarding->outgoing, SPAN("Date"), span_of(clock_http_now()));
}

static const char misframed[] = "the upstream's chunked body is framed incorrectly";

/* How the body goes out to the client. */
enum outward { OUT_NONE, OUT_PLAIN, OUT_CHUNKED };

static enum outward
settle_framing(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;
	struct buffer *out = &forwarding->outgoing;
	bool old = exchange_request(forwarding->exchange)->version_minor == 0;
	bool delimited = response->framing == RESPONSE_NONE || response->framing == RESPONSE_LENGTH;

	if (delimited && response->content_length >= 0 && response->status != 204)
		header_line_add_number(out, SPAN("Content-Length"), response->content_length);
	if (!delimited && !old)
		header_line_add(out, SPAN("Transfer-Encoding"), SPAN("chunked"));
	if (!delimited && old)
		exchange_close(forwarding->exchange);
	if (!exchange_keep_alive(forwarding->exchange)) {
		exchange_close(forwarding->exchange);
		header_line_add(out, SPAN("Connection"), SPAN("close"));
	} else if (old) {
		header_line_add(out, SPAN("Connection"), SPAN("keep-alive"));
	}
	if (response->framing == RESPONSE_NONE)
		return OUT_NONE;
	return delimited || old ? OUT_PLAIN : OUT_CHUNKED;
}

static void
add_data(struct forwarding *forwarding, enum outward outward, struct span data)
{
	forwarding->result->bytes_out += (int64_t)data.len;
	if (data.len == 0)
		return;
	if (outward == OUT_CHUNKED)
		buffer_format(&forwarding->outgoing, "%zx\r\n", data.len);
	buffer_add(&forwarding->outgoing, data);
	if (outward == OUT_CHUNKED)
		buffer_add(&forwarding->outgoing, SPAN("\r\n"));
}

/* A body being passed on. */
struct passing {
	enum outward outward;
	struct chunks chunks;
	int64_t left; /* RESPONSE_LENGTH */
	bool done;
	bool surplus;       /* there were bytes that belong to no answer */
	const char *broken; /* why it was cut off; NULL: it was not */
};

/* Move the received part of the upstream's body to the outgoing buffer. False: it is framed
 * wrongly. */
static bool
take_body(struct forwarding *forwarding, struct passing *passing, struct span bytes)
{
	enum response_read read = RESPONSE_MORE;
	struct span data;
	size_t used;

	switch (forwarding->response.framing) {
	case RESPONSE_NONE:
		break;
	case RESPONSE_CLOSE:
		add_data(forwarding, passing->outward, bytes);
		return true;
	case RESPONSE_LENGTH:
		data = bytes;
		if ((int64_t)data.len > passing->left)
			data.len = (size_t)passing->left;
		add_data(forwarding, passing->outward, data);
		passing->left -= (int64_t)data.len;
		passing->done = passing->left == 0;
		bytes = span_slice(bytes, data.len, bytes.len);
		break;
	case RESPONSE_CHUNKED:
		while (read == RESPONSE_MORE && bytes.len > 0) {
			read = chunks_read(&passing->chunks, bytes, &used, &data);
			add_data(forwarding, passing->outward, data);
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
flush(struct forwarding *forwarding)
{
	bool written = forwarding->outgoing.len == 0 ||
		       (!forwarding->outgoing.failed && exchange_write(forwarding->exchange,
							    buffer_span(&forwarding->outgoing)));

	buffer_reset(&forwarding->outgoing);
	return written;
}

/* The client must not mistake a partial body for a complete one. */
static void
abort_client(struct forwarding *forwarding, const char *detail)
{
	forwarding->result->aborted = true;
	forwarding->result->detail = detail;
	exchange_abort(forwarding->exchange);
}

/* The client left, or did not read for limits.write_timeout. */
static const char *
client_left(struct forwarding *forwarding)
{
	forwarding->result->reason = REASON_CLIENT_GONE;
	return "the client left, or stopped reading, before the answer was complete";
}

/* What reading gave, as forwarding_read() says, is no part of the body: returns why it was cut
 * off. */
static const char *
cut_off(struct forwarding *forwarding, ssize_t got)
{
	if (forwarding->client->gone)
		return client_left(forwarding);
	if (forwarding->result->aborted)
		return forwarding->result->detail; /* it must end */
	if (got == LINK_LATE)
		return forwarding_fault(forwarding, UPSTREAM_TIMEOUT,
		    "the upstream went silent in the middle of its answer");
	return forwarding_fault(
	    forwarding, UPSTREAM_RESET, "the upstream closed in the middle of its answer");
}

/* Forward more of the body. Returns NULL, or why it was cut off. */
static const char *
pass_piece(struct forwarding *forwarding, struct passing *passing)
{
	ssize_t got;

	if (!flush(forwarding))
		return client_left(forwarding);
	got = forwarding_read(forwarding);
	passing->done = got == LINK_END && forwarding->response.framing == RESPONSE_CLOSE &&
			!forwarding->client->gone;
	if (passing->done)
		return NULL;
	if (got <= 0 || forwarding->client->gone)
		return cut_off(forwarding, got);
	if (take_body(forwarding, passing, (struct span){ forwarding->piece, (size_t)got }))
		return NULL;
	return forwarding_fault(forwarding, UPSTREAM_MALFORMED, misframed);
}

/* Nothing in it is the gate's business, and where it ends is known. */
static bool
need_not_be_seen(const struct forwarding *forwarding, const struct passing *passing)
{
	return forwarding->response.framing == RESPONSE_LENGTH &&
	       passing->left >= FORWARDING_LONG && !forwarding->watched &&
	       forwarding->conn->tls == NULL && exchange_direct(forwarding->exchange);
}

/* Forward more of it so. False: the system cannot. */
static bool
splice_piece(struct forwarding *forwarding, struct passing *passing, const struct splice *splice)
{
	ssize_t got;

	forwarding_extend_timeout(forwarding);
	got = splice_read(
	    splice, forwarding->conn->socket, (size_t)passing->left, forwarding->conn->deadline_us);
	if (got == SPLICE_UNABLE)
		return false;
	if (got <= 0 || forwarding->client->gone) {
		passing->broken = cut_off(forwarding, got);
		return true;
	}
	passing->left -= got;
	passing->done = passing->left == 0;
	forwarding->result->bytes_out += got;
	if (!exchange_splice_write(forwarding->exchange, splice, (size_t)got))
		passing->broken = client_left(forwarding);
	return true;
}

static void
pass_unseen(struct forwarding *forwarding, struct passing *passing)
{
	struct splice splice;
	bool able = true;

	if (!splice_open(&splice))
		return;
	if (!flush(forwarding))
		passing->broken = client_left(forwarding);
	while (able && !passing->done && passing->broken == NULL)
		able = splice_piece(forwarding, passing, &splice);
	splice_close(&splice);
}

static void
pass_rest(struct forwarding *forwarding, void *context)
{
	struct passing *passing = context;

	while (!passing->done && passing->broken == NULL)
		passing->broken = pass_piece(forwarding, passing);
}

void
relay_answer(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;
	struct passing passing = { .left = response->content_length };

	buffer_reset(&forwarding->outgoing);
	buffer_reserve(&forwarding->outgoing, forwarding->incoming.len + OUTGOING_MORE);
	relay_add_head(forwarding);
	add_date(forwarding);
	passing.outward = settle_framing(forwarding);
	passing.done = response->framing == RESPONSE_NONE;
	header_line_add(
	    &forwarding->outgoing, SPAN("X-Request-Id"), forwarding->forward->request_id);
	buffer_add(&forwarding->outgoing, forwarding->forward->cors);
	buffer_add(&forwarding->outgoing, SPAN("\r\n"));
	if (!take_body(forwarding, &passing,
		span_slice(buffer_span(&forwarding->incoming), response->head_bytes,
		    forwarding->incoming.len))) {
		/* Nothing was written yet, so an error can still be sent to the client. */
		forwarding->result->bytes_out = 0;
		forwarding->result->reason =
		    forwarding_fail(forwarding, REASON_UPSTREAM_MALFORMED, misframed);
		return;
	}
	if (!passing.done && need_not_be_seen(forwarding, &passing))
		pass_unseen(forwarding, &passing);
	if (!passing.done && passing.broken == NULL)
		forwarding_with_piece(forwarding, pass_rest, &passing);
	if (passing.broken == NULL && passing.outward == OUT_CHUNKED)
		buffer_add(&forwarding->outgoing, SPAN("0\r\n\r\n"));
	if (passing.broken == NULL && !flush(forwarding))
		passing.broken = client_left(forwarding);
	if (passing.broken != NULL) {
		abort_client(forwarding, passing.broken);
	} else if (response->keep_alive && !passing.surplus && !forwarding->upload_broken) {
		upstream_conn_keep(forwarding->conn);
		forwarding->conn = NULL;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream's answer on its way to the client. */
#include "base/clock.h"
#include "base/header_line.h"
#include "proxy/upstream/forwarding.h"
#include "proxy/http/header.h"

#define INTERIM_MAX 16 /* 1xx answers before the final one */

/* Room for our own headers in addition to the upstream's. */
#define OUTGOING_VALUE_MAX (128u << 10)
#define OUTGOING_MORE 256

#define INCOMING_LEAST 512 /* of the answer's head, in one read */

/* More of the answer's head. */
static enum reason
read_more(struct forwarding *forwarding)
{
	struct buffer *incoming = &forwarding->incoming;
	size_t room = 0;
	char *into = buffer_space(incoming, INCOMING_LEAST, &room);
	ssize_t got;

	if (into == NULL)
		return forwarding_fail(forwarding, REASON_OVERLOADED, "no memory for the answer");
	forwarding_extend_timeout(forwarding);
	got = upstream_conn_read(forwarding->conn, into, room);
	if (got == LINK_LATE)
		return forwarding_fail(forwarding, REASON_UPSTREAM_TIMEOUT, "no answer in time");
	if (got <= 0 && incoming->len == 0)
		return forwarding_fail(forwarding, REASON_UPSTREAM_UNREACHABLE,
		    "the upstream closed without an answer");
	if (got <= 0)
		return forwarding_fail(
		    forwarding, REASON_UPSTREAM_MALFORMED, "the answer ended within its head");
	buffer_took(incoming, (size_t)got);
	return REASON_OK;
}

static enum reason
read_head(struct forwarding *forwarding)
{
	bool head_only = span_is(exchange_request(forwarding->exchange)->method, "HEAD");
	enum response_read read = RESPONSE_MORE;
	enum reason reason = REASON_OK;

	if (forwarding->incoming.len > 0)
		read = response_read(
		    buffer_span(&forwarding->incoming), head_only, &forwarding->response);
	while (read == RESPONSE_MORE && reason == REASON_OK) {
		reason = read_more(forwarding);
		if (reason == REASON_OK)
			read = response_read(
			    buffer_span(&forwarding->incoming), head_only, &forwarding->response);
	}
	if (read == RESPONSE_BAD)
		return forwarding_fail(
		    forwarding, REASON_UPSTREAM_MALFORMED, forwarding->response.detail);
	return reason;
}

static void
drop_head(struct forwarding *forwarding)
{
	struct buffer *incoming = &forwarding->incoming;
	size_t used = forwarding->response.head_bytes;

	memmove(incoming->at, incoming->at + used, incoming->len - used);
	incoming->len -= used;
}

static bool
ours_to_say(const struct forward *forward, struct span name)
{
	struct span prefix = SPAN("access-control-");

	if (forward->cors.at != NULL && header_same_name(span_slice(name, 0, prefix.len), prefix))
		return true;
	return (header_use(name) & (HEADER_HOP | HEADER_ANSWER)) != 0;
}

/* Add one that names a place at the upstream as clients reach it. False: it names none. */
static bool
add_mapped(struct forwarding *forwarding, const struct header *header)
{
	const struct location *location = forwarding->forward->location;
	bool cookie = span_equal_nocase(header->name, SPAN("Set-Cookie"));
	struct buffer value;
	bool mapped;

	if (!cookie && !span_equal_nocase(header->name, SPAN("Location")) &&
	    !span_equal_nocase(header->name, SPAN("Content-Location")))
		return false;
	buffer_init(&value, OUTGOING_VALUE_MAX);
	mapped = cookie ? location_map_cookie(location, header->value, &value)
			: location_map(location, header->value, &value);
	mapped = mapped && !value.failed;
	if (mapped)
		header_line_add(&forwarding->outgoing, header->name, buffer_span(&value));
	buffer_done(&value);
	return mapped;
}

void
relay_add_headers(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;
	bool listed[RESPONSE_MAX_HEADERS];

	header_connection_mark(response->headers, response->header_count, listed);
	for (size_t i = 0; i < response->header_count; i++) {
		const struct header *header = &response->headers[i];

		if (listed[i] || ours_to_say(forwarding->forward, header->name))
			continue;
		if (forwarding->forward->location == NULL || !add_mapped(forwarding, header))
			header_line_add(&forwarding->outgoing, header->name, header->value);
	}
}

/* A 426 says which protocol it wants (RFC 9110 section 15.5.22). */
static void
add_required_upgrade(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;

	for (size_t i = 0; i < response->header_count; i++) {
		if (!span_equal_nocase(response->headers[i].name, SPAN("Upgrade")))
			continue;
		header_line_add(&forwarding->outgoing, SPAN("Upgrade"), response->headers[i].value);
		header_line_add(&forwarding->outgoing, SPAN("Connection"), SPAN("upgrade"));
		return;
	}
}

static void
add_head(struct forwarding *forwarding)
{
	const struct response *response = &forwarding->response;
	struct buffer *out = &forwarding->outgoing;

	buffer_add(out, SPAN("HTTP/1.1 "));
	buffer_add_number(out, response->status);
	buffer_add(out, SPAN(" "));
	buffer_add(out, response->reason_phrase);
	buffer_add(out, SPAN("\r\n"));
	relay_add_headers(forwarding);
	if (response->status == 426)
		add_required_upgrade(forwarding);
}

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

/* May the client see it? HTTP/1.0 has no interim answers (RFC 9110 section 15.2), and a client that
 * expected a 100 already got ours. */
static bool
wants_interim(struct forwarding *forwarding)
{
	const struct request *request = exchange_request(forwarding->exchange);

	return request->version_minor > 0 &&
	       !(forwarding->response.status == 100 && request->expects_continue);
}

/* Interim answers such as 103 are useful only before the final one, so they are sent at once. */
static bool
pass_interim(struct forwarding *forwarding)
{
	bool written;

	if (!wants_interim(forwarding))
		return true;
	buffer_reset(&forwarding->outgoing);
	add_head(forwarding);
	buffer_add(&forwarding->outgoing, SPAN("\r\n"));
	written = !forwarding->outgoing.failed &&
		  exchange_write(forwarding->exchange, buffer_span(&forwarding->outgoing));
	buffer_reset(&forwarding->outgoing);
	return written;
}

/* Forward or drop the interim answer that was read. */
static enum reason
take_interim(struct forwarding *forwarding)
{
	if (forwarding->response.status == 101)
		return forwarding_fail(forwarding, REASON_UPSTREAM_MALFORMED,
		    "the upstream switches protocols without a request");
	if (++forwarding->interims > INTERIM_MAX)
		return forwarding_fail(
		    forwarding, REASON_UPSTREAM_MALFORMED, "too many interim answers");
	if (!pass_interim(forwarding))
		return forwarding_client_gone(forwarding);
	drop_head(forwarding);
	return REASON_OK;
}

/* The answer itself, or the switch that was asked for: nothing interim. */
static bool
is_final(const struct forwarding *forwarding)
{
	return forwarding->response.status >= 200 ||
	       (forwarding->response.status == 101 && forwarding->forward->upgrade);
}

enum reason
relay_early(struct forwarding *forwarding, bool *ret_final)
{
	bool head_only = span_is(exchange_request(forwarding->exchange)->method, "HEAD");
	ssize_t got = upstream_conn_read_now(forwarding->conn, forwarding->piece, FORWARDING_PIECE);
	enum reason reason = REASON_OK;

	*ret_final = got != LINK_LATE && got <= 0;
	if (got > 0)
		buffer_add(&forwarding->incoming, (struct span){ forwarding->piece, (size_t)got });
	while (reason == REASON_OK && !*ret_final && forwarding->incoming.len > 0) {
		enum response_read read = response_read(
		    buffer_span(&forwarding->incoming), head_only, &forwarding->response);

		if (read == RESPONSE_MORE)
			return REASON_OK;
		*ret_final = read == RESPONSE_BAD || is_final(forwarding);
		if (!*ret_final)
			reason = take_interim(forwarding);
	}
	return reason;
}

enum reason
relay_head(struct forwarding *forwarding)
{
	enum reason reason = read_head(forwarding);

	while (reason == REASON_OK && !is_final(forwarding)) {
		reason = take_interim(forwarding);
		if (reason == REASON_OK)
			reason = read_head(forwarding);
	}
	return reason;
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

/* Forward more of the body. Returns NULL, or why it was cut off. */
static const char *
pass_piece(struct forwarding *forwarding, struct passing *passing)
{
	ssize_t got;

	if (!flush(forwarding))
		return client_left(forwarding);
	got = forwarding_read(forwarding);
	if (forwarding->client->gone)
		return client_left(forwarding);
	if (forwarding->result->aborted)
		return forwarding->result->detail; /* it must end */
	passing->done = got == LINK_END && forwarding->response.framing == RESPONSE_CLOSE;
	if (passing->done)
		return NULL;
	if (got == LINK_LATE)
		return forwarding_fault(forwarding, UPSTREAM_TIMEOUT,
		    "the upstream went silent in the middle of its answer");
	if (got <= 0)
		return forwarding_fault(
		    forwarding, UPSTREAM_RESET, "the upstream closed in the middle of its answer");
	if (take_body(forwarding, passing, (struct span){ forwarding->piece, (size_t)got }))
		return NULL;
	return forwarding_fault(forwarding, UPSTREAM_MALFORMED, misframed);
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
	add_head(forwarding);
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
		forwarding->result->reason =
		    forwarding_fail(forwarding, REASON_UPSTREAM_MALFORMED, misframed);
		return;
	}
	if (!passing.done)
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

/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the upstream's answer, and the interim answers before it. */
#include "base/header_line.h"
#include "proxy/upstream/forwarding.h"
#include "proxy/http/header.h"

#define INTERIM_MAX 16 /* 1xx answers before the final one */

#define OUTGOING_VALUE_MAX (128u << 10)

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

void
relay_add_head(struct forwarding *forwarding)
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
	relay_add_head(forwarding);
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
	struct buffer *incoming = &forwarding->incoming;
	size_t room = 0;
	char *into = buffer_space(incoming, INCOMING_LEAST, &room);
	enum reason reason = REASON_OK;
	ssize_t got;

	if (into == NULL)
		return forwarding_fail(forwarding, REASON_OVERLOADED, "no memory for the answer");
	got = upstream_conn_read_now(forwarding->conn, into, room);
	*ret_final = got != LINK_LATE && got <= 0;
	if (got > 0)
		buffer_took(incoming, (size_t)got);
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

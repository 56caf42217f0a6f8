/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/headers.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cidr.h"
#include "base/header_line.h"
#include "proxy/http/cookie.h"
#include "proxy/http/query.h"
#include "proxy/http/subprotocol.h"

#define HEAD_MAX (256u << 10)
#define HEAD_ORDINARY 2000

static bool
owned_by_us(const struct headers_rules *rules, struct span name)
{
	for (size_t i = 0; i < rules->owned.count; i++)
		if (header_same_name(name, span_of(rules->owned.at[i])))
			return true;
	return false;
}

/* The token is for the gate. It is forwarded only if configured, and under the canonical name. */
static bool
keeps_authorization(const struct headers_rules *rules, struct span name)
{
	return !header_same_name(name, SPAN("authorization")) ||
	       (rules->keep_authorization && span_equal_nocase(name, SPAN("Authorization")));
}

/* Would the upstream read a token of another request in it? */
static bool
refers_to_token(const struct texts *queries, struct span referer)
{
	struct span query = query_of(span_slice(referer, 0, span_find(referer, '#'))), unused;

	for (size_t i = 0; i < queries->count; i++)
		if (query_find(query, span_of(queries->at[i]), &unused) > 0)
			return true;
	return false;
}

/* Append a header without the credentials in it: the header itself goes if nothing else is there.
 * False: it has no place for any. */
static bool
add_without_credentials(
    struct buffer *head, const struct headers_hidden *hidden, const struct header *header)
{
	static const struct span protocol = { "Sec-WebSocket-Protocol", 22 };
	bool cookie = hidden->cookies != NULL && span_equal_nocase(header->name, SPAN("Cookie"));
	size_t start = head->len, empty;

	if (hidden->queries != NULL && span_equal_nocase(header->name, SPAN("Referer")))
		return refers_to_token(hidden->queries, header->value);
	if (!cookie && !(hidden->websocket_protocol && header_same_name(header->name, protocol)))
		return false;
	buffer_add(head, header->name);
	buffer_add(head, SPAN(": "));
	empty = head->len;
	if (cookie)
		cookie_add_others(header->value, hidden->cookies, head);
	else if (span_equal_nocase(header->name, protocol))
		subprotocol_add_others(header->value, head);
	if (head->len == empty)
		head->len = start;
	else
		buffer_add(head, SPAN("\r\n"));
	return true;
}

static void
add_clients_own(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;
	bool listed[REQUEST_MAX_HEADERS];

	header_connection_mark(request->headers, request->header_count, listed);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *header = &request->headers[i];
		unsigned use = header_use(header->name);

		if ((use & (HEADER_HOP | HEADER_ASKED)) != 0 ||
		    owned_by_us(setup->rules, header->name) ||
		    !keeps_authorization(setup->rules, header->name))
			continue;
		if (listed[i] && (use & HEADER_STAYS) == 0)
			continue;
		if (setup->trace_made && header_same_name(header->name, SPAN("tracestate")))
			continue;
		if (setup->max_forwards >= 0 &&
		    header_same_name(header->name, SPAN("max-forwards")))
			continue;
		if (!add_without_credentials(head, &setup->hidden, header))
			header_line_add(head, header->name, header->value);
	}
}

static void
add_framing(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;

	if (request->framing == BODY_CHUNKED)
		header_line_add(head, SPAN("Transfer-Encoding"), SPAN("chunked"));
	else if (request->framing == BODY_LENGTH)
		header_line_add_number(head, SPAN("Content-Length"), request->content_length);
	if (!setup->upgrade)
		return;
	header_line_add(head, SPAN("Connection"), SPAN("upgrade"));
	header_line_add(head, SPAN("Upgrade"), request_header(request, "Upgrade"));
}

static void
add_ours(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;
	struct cidr_address address;

	if (cidr_address_read(span_of(request->peer), &address))
		header_line_add(head, SPAN("X-Forwarded-For"), span_of(request->peer));
	header_line_add(
	    head, SPAN("X-Forwarded-Proto"), request->secure ? SPAN("https") : SPAN("http"));
	if (request->host.len > 0)
		header_line_add(head, SPAN("X-Forwarded-Host"), request->host);
	header_line_add(head, SPAN("X-Request-Id"), setup->request_id);
	if (setup->trace_parent.at != NULL)
		header_line_add(head, SPAN("traceparent"), setup->trace_parent);
	if (request->certificate != NULL && request->certificate->subject.len > 0)
		header_line_add(head, SPAN("X-Client-Certificate"), request->certificate->subject);
	if (setup->max_forwards >= 0)
		header_line_add_number(head, SPAN("Max-Forwards"), setup->max_forwards);
	if (setup->via.len > 0)
		header_line_add(head, SPAN("Via"), setup->via);
	for (size_t i = 0; i < setup->identity_count; i++)
		header_line_add(head, setup->identity[i].name, setup->identity[i].value);
}

static struct span
host_of(const struct headers_setup *setup)
{
	if (setup->host.at != NULL)
		return setup->host;
	return setup->request->sent_host.len > 0 ? setup->request->sent_host : SPAN("localhost");
}

struct span
headers_make(const struct headers_setup *setup, struct arena *arena)
{
	const struct request *request = setup->request;
	struct span made = { 0 };
	char ordinary[HEAD_ORDINARY];
	struct buffer head;

	buffer_init_within(&head, HEAD_MAX, ordinary, sizeof(ordinary));
	buffer_add(&head, request->method);
	buffer_add(&head, SPAN(" "));
	buffer_add(&head, setup->prefix);
	buffer_add(&head, setup->path);
	if (setup->has_query) {
		buffer_add(&head, SPAN("?"));
		buffer_add(&head, setup->query);
	}
	buffer_add(&head, SPAN(" HTTP/1.1\r\n"));
	header_line_add(&head, SPAN("Host"), host_of(setup));
	add_clients_own(&head, setup);
	add_framing(&head, setup);
	add_ours(&head, setup);
	buffer_add(&head, SPAN("\r\n"));
	if (!head.failed) {
		made.at = arena_text(arena, buffer_span(&head));
		made.len = made.at == NULL ? 0 : head.len;
	}
	buffer_done(&head);
	return made;
}

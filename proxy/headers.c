/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/headers.h"

#include "base/buffer.h"

#define HEAD_MAX (256u << 10)
#define HEAD_ORDINARY 2000

/* Servers behind us fold names in their own ways (CGI, WSGI, PHP): `_`, `.`, space and whatever is
 * not ASCII may become `-`. */
static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (c == '_' || c == '.' || c == ' ' || (unsigned char)c >= 0x80)
		return '-';
	return c;
}

bool
headers_same_name(struct span name, struct span owned)
{
	if (name.len != owned.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (fold(name.at[i]) != fold(owned.at[i]))
			return false;
	return true;
}

bool
headers_value_safe(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return false;
	return value.len <= 4096;
}

static bool
among(struct span name, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (headers_same_name(name, span_of(names[i])))
			return true;
	return false;
}

static bool
proxy_prefixed(struct span name)
{
	return headers_same_name(span_slice(name, 0, 6), SPAN("proxy-"));
}

bool
headers_hop_by_hop(struct span name)
{
	static const char *const names[] = { "connection", "keep-alive", "te", "trailer",
		"transfer-encoding", "upgrade", "proxy-connection", "proxy-authenticate",
		"proxy-authentication-info", NULL };

	return among(name, names);
}

/* Never passed on as the client wrote them: hop-by-hop, rebuilt by us, or poison (httpoxy). */
static bool
always_dropped(struct span name)
{
	static const char *const names[] = { "host", "content-length", "expect", "proxy",
		"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
		"x-forwarded-prefix", "x-forwarded-server", "x-forwarded-uri", "x-forwarded-method",
		"x-original-url", "x-rewrite-url", "x-original-uri", "x-original-method",
		"x-real-ip", "forwarded", "x-request-id", NULL };

	return headers_hop_by_hop(name) || proxy_prefixed(name) || among(name, names);
}

static bool
owned_by_us(const struct headers_rules *rules, struct span name)
{
	for (size_t i = 0; i < rules->owned.count; i++)
		if (headers_same_name(name, span_of(rules->owned.at[i])))
			return true;
	return false;
}

/* Connection may name headers away, but not those that say who calls and what was asked. */
static bool
named_by_connection(const struct request *request, struct span name)
{
	static const char *const kept[] = { "host", "content-length", "authorization", "cookie",
		"content-type", NULL };

	if (among(name, kept))
		return false;
	for (size_t i = 0; i < request->header_count; i++) {
		struct span rest = request->headers[i].value, piece;

		if (!span_equal_nocase(request->headers[i].name, SPAN("Connection")))
			continue;
		while (span_cut(&rest, ',', &piece))
			if (headers_same_name(span_trim(piece), name))
				return true;
	}
	return false;
}

static void
add_line(struct buffer *head, const char *name, struct span value)
{
	buffer_add_text(head, name);
	buffer_add(head, SPAN(": "));
	buffer_add(head, value);
	buffer_add(head, SPAN("\r\n"));
}

static void
add_number(struct buffer *head, const char *start, int64_t number)
{
	buffer_add_text(head, start);
	buffer_add_number(head, number);
	buffer_add(head, SPAN("\r\n"));
}

static void
add_clients_own(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;
	bool connection = request_header(request, "Connection").at != NULL;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *header = &request->headers[i];

		if (always_dropped(header->name) || owned_by_us(setup->rules, header->name))
			continue;
		if (headers_same_name(header->name, SPAN("authorization")) &&
		    (!setup->rules->keep_authorization ||
			!span_equal_nocase(header->name, SPAN("Authorization"))))
			continue;
		if (connection && named_by_connection(request, header->name))
			continue;
		buffer_add(head, header->name);
		buffer_add(head, SPAN(": "));
		buffer_add(head, header->value);
		buffer_add(head, SPAN("\r\n"));
	}
}

static void
add_framing(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;

	if (request->framing == BODY_CHUNKED)
		add_line(head, "Transfer-Encoding", SPAN("chunked"));
	else if (request->framing == BODY_LENGTH)
		add_number(head, "Content-Length: ", request->content_length);
	if (!setup->upgrade)
		return;
	add_line(head, "Connection", SPAN("upgrade"));
	add_line(head, "Upgrade", request_header(request, "Upgrade"));
}

static void
add_ours(struct buffer *head, const struct headers_setup *setup)
{
	const struct request *request = setup->request;

	add_line(head, "X-Forwarded-For", span_of(request->peer));
	add_line(head, "X-Forwarded-Proto", request->secure ? SPAN("https") : SPAN("http"));
	if (request->host.len > 0)
		add_line(head, "X-Forwarded-Host", request->host);
	add_line(head, "X-Request-Id", setup->request_id);
	for (size_t i = 0; i < setup->identity_count; i++) {
		buffer_add(head, setup->identity[i].name);
		buffer_add(head, SPAN(": "));
		buffer_add(head, setup->identity[i].value);
		buffer_add(head, SPAN("\r\n"));
	}
}

struct span
headers_make(const struct headers_setup *setup, struct arena *arena)
{
	const struct request *request = setup->request;
	struct span made = { 0 };
	struct buffer head;

	buffer_init(&head, HEAD_MAX);
	buffer_reserve(&head, HEAD_ORDINARY);
	buffer_add(&head, request->method);
	buffer_add(&head, SPAN(" "));
	buffer_add(&head, setup->path);
	if (setup->has_query) {
		buffer_add(&head, SPAN("?"));
		buffer_add(&head, setup->query);
	}
	buffer_add(&head, SPAN(" HTTP/1.1\r\n"));
	add_line(&head, "Host", request->host.len > 0 ? request->host : SPAN("localhost"));
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

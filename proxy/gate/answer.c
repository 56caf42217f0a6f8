/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/answer.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/header_line.h"
#include "proxy/http/host.h"

#define ANSWER_MAX (256u << 10)

/* RFC 9110 section 15. */
static const char *
phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 499, "Client Closed Request" }, /* in the log only */
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 508, "Loop Detected" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

void
answer_write(struct exchange *exchange, const struct answer *answer)
{
	struct buffer buffer;

	buffer_init(&buffer, ANSWER_MAX);
	buffer_format(&buffer, "HTTP/1.1 %d %s\r\n", answer->status, phrase(answer->status));
	header_line_add(&buffer, SPAN("Date"), span_of(clock_http_now()));
	header_line_add_number(&buffer, SPAN("Content-Length"), (int64_t)answer->body.len);
	if (!exchange_keep_alive(exchange)) {
		exchange_close(exchange);
		header_line_add(&buffer, SPAN("Connection"), SPAN("close"));
	} else if (exchange_request(exchange)->version_minor == 0) {
		header_line_add(&buffer, SPAN("Connection"), SPAN("keep-alive"));
	}
	buffer_add(&buffer, answer->headers);
	buffer_add_text(&buffer, "\r\n");
	if (!span_is(exchange_request(exchange)->method, "HEAD"))
		buffer_add(&buffer, answer->body);
	if (buffer.failed || !exchange_write(exchange, buffer_span(&buffer)))
		exchange_abort(exchange);
	buffer_done(&buffer);
}

/* A quoted-string of the characters that RFC 6750 section 3 allows in error_description. */
static void
add_quoted(struct buffer *buffer, struct span text)
{
	buffer_add_byte(buffer, '"');
	for (size_t i = 0; i < text.len && i < 300; i++) {
		char c = text.at[i];

		if (c == '"' || c == '\\')
			c = '\'';
		buffer_add_byte(buffer, c >= 0x20 && c < 0x7f ? c : '?');
	}
	buffer_add_byte(buffer, '"');
}

/* RFC 6750 section 3.1: a client that gets insufficient_scope asks its issuer for `scope`, so this
 * error is sent only where a scope would help. */
static const char *
error_of(const struct answer_refusal *refusal)
{
	const char *error = reason_error(refusal->reason);

	return strcmp(error, "insufficient_scope") == 0 && refusal->scope.len == 0 ? "" : error;
}

/* Append the challenge, without an error code if the request had no credentials (RFC 6750 section
 * 3.1). */
static void
add_challenge(struct buffer *buffer, const struct answer_refusal *refusal, const char *description)
{
	const struct request *request = refusal->request;
	const char *error = error_of(refusal);
	int status = reason_status(refusal->reason);

	if (status != 401 && error[0] == '\0')
		return;
	buffer_add_text(buffer, "WWW-Authenticate: Bearer realm=\"postern\"");
	if (error[0] != '\0') {
		buffer_format(buffer, ", error=\"%s\", error_description=", error);
		add_quoted(buffer, span_of(description));
	}
	if (refusal->scope.len > 0) {
		buffer_add_text(buffer, ", scope=");
		add_quoted(buffer, refusal->scope);
	}
	if (refusal->metadata != NULL)
		buffer_format(buffer, ", resource_metadata=\"%s\"", refusal->metadata);
	else if (host_plain(request->host))
		buffer_format(buffer,
		    ", resource_metadata=\"%s://%.*s/.well-known/oauth-protected-resource\"",
		    request->secure ? "https" : "http", SPAN_ARG(request->host));
	buffer_add_text(buffer, "\r\n");
	/* RFC 7617 section 2.1. */
	if (status == 401 && refusal->basic)
		header_line_add(buffer, SPAN("WWW-Authenticate"),
		    SPAN("Basic realm=\"postern\", charset=\"UTF-8\""));
}

static void
add_problem(struct buffer *body, const struct answer_refusal *refusal)
{
	const char *word = reason_word(refusal->reason);

	buffer_format(body, "{\"type\":\"%s%s\",\"title\":", refusal->type_base, word);
	buffer_add_json(body, span_of(reason_title(refusal->reason)));
	buffer_format(
	    body, ",\"status\":%d,\"reason\":\"%s\"", reason_status(refusal->reason), word);
	if (refusal->detail_public && refusal->detail != NULL) {
		buffer_add_text(body, ",\"detail\":");
		buffer_add_json(body, span_of(refusal->detail));
	} else if (refusal->detail_public) {
		buffer_add_text(body, ",\"detail\":");
		buffer_add_json(body, span_of(reason_title(refusal->reason)));
	}
	buffer_add_text(body, ",\"instance\":");
	buffer_add_json(body, refusal->request_id);
	buffer_add_text(body, "}\n");
}

/* Can the connection be reused after this refusal? Not when the request's framing is in doubt. */
static bool
framing_certain(enum reason reason)
{
	return reason != REASON_REQUEST_MALFORMED && reason != REASON_HEADER_TOO_LARGE &&
	       reason != REASON_BODY_TOO_LARGE && reason != REASON_PATH_AMBIGUOUS &&
	       reason != REASON_CREDENTIALS_DUPLICATE && reason != REASON_OVERLOADED;
}

void
answer_refuse(struct exchange *exchange, const struct answer_refusal *refusal)
{
	const char *description = refusal->detail_public && refusal->detail != NULL
				      ? refusal->detail
				      : reason_title(refusal->reason);
	struct buffer headers, body;
	int status = reason_status(refusal->reason);
	struct answer answer = { .status = refusal->disguised ? 403 : status };

	buffer_init(&headers, 8192);
	buffer_init(&body, 8192);
	if (!framing_certain(refusal->reason))
		exchange_close(exchange);
	add_problem(&body, refusal);
	header_line_add(&headers, SPAN("Content-Type"), SPAN("application/problem+json"));
	header_line_add(&headers, SPAN("Cache-Control"), SPAN("no-store"));
	header_line_add(&headers, SPAN("X-Postern"), SPAN("refused"));
	header_line_add(&headers, SPAN("X-Request-Id"), refusal->request_id);
	if (status == 503 || status == 429)
		header_line_add_number(
		    &headers, SPAN("Retry-After"), refusal->wait_s > 0 ? refusal->wait_s : 5);
	if (refusal->disguised)
		header_line_add_number(&headers, SPAN("X-Postern-Status"), status);
	buffer_add(&headers, refusal->cors);
	buffer_add(&headers, refusal->rate);
	add_challenge(&headers, refusal, description);
	answer.headers = buffer_span(&headers);
	answer.body = buffer_span(&body);
	if (headers.failed || body.failed)
		exchange_abort(exchange);
	else
		answer_write(exchange, &answer);
	buffer_done(&headers);
	buffer_done(&body);
}

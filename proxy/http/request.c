/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/request.h"

#include "base/digits.h"
#include "proxy/http/field_value.h"
#include "proxy/http/token_char.h"

#define LENGTH_DIGITS 18

struct span
request_header(const struct request *request, const char *name)
{
	struct span wanted = span_of(name);

	for (size_t i = 0; i < request->header_count; i++)
		if (span_equal_nocase(request->headers[i].name, wanted))
			return request->headers[i].value;
	return (struct span){ 0 };
}

size_t
request_header_count(const struct request *request, const char *name)
{
	struct span wanted = span_of(name);
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		count += span_equal_nocase(request->headers[i].name, wanted);
	return count;
}

bool
request_connection_has(const struct request *request, const char *option)
{
	return header_connection_names(request->headers, request->header_count, span_of(option));
}

static enum reason
malformed(struct request *request, const char *detail)
{
	request->detail = detail;
	return REASON_REQUEST_MALFORMED;
}

bool
request_method_served(struct span method)
{
	return !span_is(method, "CONNECT") && !span_is(method, "TRACE");
}

static enum reason
check_lines(struct request *request)
{
	if (!token_char_all(request->method))
		return malformed(request, "the method is not a token");
	if (!request_method_served(request->method)) {
		request->detail = "CONNECT and TRACE are not served";
		return REASON_METHOD_NOT_SUPPORTED;
	}
	for (size_t i = 0; i < request->header_count; i++) {
		if (!token_char_all(request->headers[i].name))
			return malformed(request, "a header's name is not a token");
		if (!field_value_valid(request->headers[i].value))
			return malformed(request, "a header's value contains control bytes");
	}
	return REASON_OK;
}

/* The end of an address in brackets; 0: it is not one. */
static size_t
bracketed_end(struct span host)
{
	size_t end = span_find(host, ']');

	for (size_t i = 1; i < end; i++)
		if (strchr("0123456789abcdefABCDEF:.", host.at[i]) == NULL)
			return 0;
	return end == host.len ? 0 : end + 1;
}

static bool
name_char(char c)
{
	bool strange = c == '*' || c == '\'' || c == '`' || c == '|' || c == '^' || c == '#';

	return token_char(c) && !strange;
}

static size_t
name_end(struct span host, size_t at)
{
	while (at < host.len && name_char(host.at[at]))
		at++;
	return at;
}

bool
request_host_valid(struct span host)
{
	bool bracketed = host.len > 0 && host.at[0] == '[';
	size_t at = name_end(host, bracketed ? bracketed_end(host) : 0);

	if (host.len > 255 || at == 0)
		return false;
	if (at == host.len)
		return true;
	for (size_t i = at + 1; i < host.len; i++)
		if (host.at[i] < '0' || host.at[i] > '9')
			return false;
	return host.at[at] == ':' && host.len > at + 1 && host.len - at <= 6;
}

static enum reason
check_host(struct request *request)
{
	size_t count = request_header_count(request, "Host");

	request->host = request_header(request, "Host");
	if (count > 1)
		return malformed(request, "more than one Host header");
	if (count == 0 && request->version_minor > 0)
		return malformed(request, "the Host header is missing");
	if (count == 1 && !request_host_valid(request->host))
		return malformed(request, "the Host header is not a host");
	return REASON_OK;
}

/* A target in absolute form names the host once more (RFC 9112 section 3.2.2). What does not name
 * the same as Host could be for two hosts. From here on it is in origin form. */
static enum reason
check_target(struct request *request)
{
	static const struct span schemes[] = { { "http://", 7 }, { "https://", 8 } };
	struct span rest = { 0 }, authority;

	for (size_t i = 0; i < 2; i++)
		if (span_equal_nocase(span_slice(request->target, 0, schemes[i].len), schemes[i]))
			rest = span_slice(request->target, schemes[i].len, request->target.len);
	if (rest.at == NULL)
		return REASON_OK;
	authority = span_slice(rest, 0, span_find(rest, '/'));
	if (!request_host_valid(authority) ||
	    (request->host.at != NULL && !span_equal_nocase(authority, request->host)))
		return malformed(request, "the target names another host than the Host header");
	request->host = authority;
	request->target = span_slice(rest, authority.len, rest.len);
	if (request->target.len == 0)
		request->target = SPAN("/");
	return REASON_OK;
}

static enum reason
check_framing(struct request *request)
{
	size_t lengths = request_header_count(request, "Content-Length");
	size_t codings = request_header_count(request, "Transfer-Encoding");

	request->framing = BODY_NONE;
	request->content_length = 0;
	if (lengths > 1 || codings > 1)
		return malformed(request, "more than one Content-Length or Transfer-Encoding");
	if (lengths == 1 && codings == 1)
		return malformed(request, "both Content-Length and Transfer-Encoding");
	if (codings == 1) {
		if (request->version_minor == 0)
			return malformed(request, "Transfer-Encoding in HTTP/1.0");
		if (!span_equal_nocase(
			request_header(request, "Transfer-Encoding"), SPAN("chunked")))
			return malformed(request, "a Transfer-Encoding other than chunked");
		request->framing = BODY_CHUNKED;
	}
	if (lengths == 1) {
		if (!digits_read(request_header(request, "Content-Length"), LENGTH_DIGITS,
			&request->content_length))
			return malformed(request, "Content-Length is not a number");
		request->framing = BODY_LENGTH;
	}
	return REASON_OK;
}

/* RFC 9112 section 9.3. */
static bool
wants_keeping(const struct request *request)
{
	if (request_connection_has(request, "close"))
		return false;
	return request->version_minor > 0 || request_connection_has(request, "keep-alive");
}

static enum reason
check_expect(struct request *request)
{
	size_t count = request_header_count(request, "Expect");

	request->expects_continue = false;
	if (count == 0)
		return REASON_OK;
	if (count > 1 ||
	    !span_equal_nocase(request_header(request, "Expect"), SPAN("100-continue")))
		return malformed(request, "an Expect other than 100-continue");
	request->expects_continue =
	    request->version_minor > 0 && request->framing != BODY_NONE &&
	    !(request->framing == BODY_LENGTH && request->content_length == 0);
	return REASON_OK;
}

enum reason
request_check(struct request *request)
{
	enum reason reason = check_lines(request);

	request->keep_alive = false;
	if (reason == REASON_OK)
		reason = check_host(request);
	if (reason == REASON_OK)
		reason = check_target(request);
	request->sent_host = request->host;
	if (reason == REASON_OK)
		reason = check_framing(request);
	if (reason == REASON_OK)
		reason = check_expect(request);
	if (reason != REASON_OK)
		return reason;
	if (request_header_count(request, "Authorization") > 1) {
		request->detail = "more than one Authorization header";
		return REASON_CREDENTIALS_DUPLICATE;
	}
	request->keep_alive = wants_keeping(request);
	return REASON_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/request_head.h"

#include "proxy/http/token_char.h"

static enum request_head
bad(const char **ret_detail, const char *detail)
{
	*ret_detail = detail;
	return REQUEST_HEAD_BAD;
}

/* One empty line before the head is skipped; some clients send it after a body. */
static enum request_head
skip_empty_line(struct span bytes, struct request_scan *scan)
{
	if (scan->scanned > 0 || bytes.len == 0 || bytes.at[0] != '\r')
		return REQUEST_HEAD_DONE;
	if (bytes.len == 1)
		return REQUEST_HEAD_MORE;
	if (bytes.at[1] != '\n')
		return REQUEST_HEAD_BAD;
	scan->start = scan->line = scan->scanned = 2;
	return REQUEST_HEAD_DONE;
}

enum request_head
request_head_scan(
    struct span bytes, struct request_scan *scan, size_t *ret_end, const char **ret_detail)
{
	enum request_head skipped = skip_empty_line(bytes, scan);

	if (skipped == REQUEST_HEAD_MORE || bytes.len == scan->start)
		return REQUEST_HEAD_MORE;
	if (skipped == REQUEST_HEAD_BAD || !token_char(bytes.at[scan->start]))
		return bad(ret_detail, "the head does not begin with a method");
	for (;;) {
		const char *line = bytes.at + scan->line;
		const char *end = memchr(bytes.at + scan->scanned, '\n', bytes.len - scan->scanned);

		if (end == NULL) {
			scan->scanned = bytes.len;
			return REQUEST_HEAD_MORE;
		}
		if (end == line || end[-1] != '\r')
			return bad(ret_detail, "a line of the head does not end with CRLF");
		scan->line = scan->scanned = (size_t)(end - bytes.at) + 1;
		if (end - line == 1) {
			*ret_end = scan->scanned;
			return REQUEST_HEAD_DONE;
		}
	}
}

/* Take the next line, without its CRLF. */
static struct span
next_line(struct span *rest)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);
	size_t used = end == NULL ? rest->len : (size_t)(end - rest->at) + 1;
	struct span line = { rest->at, used < 2 ? 0 : used - 2 };

	*rest = span_slice(*rest, used, rest->len);
	return line;
}

/* request-line = method SP request-target SP HTTP-version (section 3). */
static const char *
read_request_line(struct span line, struct request *request)
{
	size_t space = span_find(line, ' ');
	struct span rest = span_slice(line, space + 1, line.len);
	size_t end = span_find(rest, ' ');
	struct span version = span_slice(rest, end + 1, rest.len);

	if (space == 0 || space >= line.len || end == 0 || end >= rest.len)
		return "the request line is not three words";
	request->method = span_slice(line, 0, space);
	request->target = span_slice(rest, 0, end);
	if (!token_char_all(request->method))
		return "the method is not a token";
	for (size_t i = 0; i < end; i++)
		if ((unsigned char)request->target.at[i] <= 0x20 || request->target.at[i] == 0x7f)
			return "the target contains control bytes";
	if (!span_is(version, "HTTP/1.1") && !span_is(version, "HTTP/1.0"))
		return "the version is neither HTTP/1.1 nor HTTP/1.0";
	request->version_minor = version.at[7] - '0';
	return NULL;
}

/* field-line = field-name ":" OWS field-value OWS (section 5). */
static const char *
read_header(struct span line, struct header *header)
{
	size_t colon = span_find(line, ':');

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return "a line of the head is folded";
	if (colon == 0 || colon >= line.len)
		return "a header has no name or no colon";
	header->name = span_slice(line, 0, colon);
	if (!token_char_all(header->name))
		return "a header's name is not a token";
	header->value = span_trim(span_slice(line, colon + 1, line.len));
	return NULL;
}

enum request_head
request_head_read(struct span head, struct request *request, const char **ret_detail)
{
	struct span rest = head, line = next_line(&rest);
	const char *wrong = read_request_line(line, request);

	request->header_count = 0;
	while (wrong == NULL && (line = next_line(&rest)).len > 0) {
		if (request->header_count == REQUEST_MAX_HEADERS - 1)
			return REQUEST_HEAD_CROWDED;
		wrong = read_header(line, &request->headers[request->header_count++]);
	}
	return wrong == NULL ? REQUEST_HEAD_DONE : bad(ret_detail, wrong);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/response.h"

#include "base/digits.h"
#include "proxy/http/field_value.h"
#include "proxy/http/token_char.h"

#define LENGTH_DIGITS 18

static enum response_read
bad(struct response *response, const char *detail)
{
	response->detail = detail;
	return RESPONSE_BAD;
}

/* The next line without its CRLF. MORE when its end is not there yet. */
static enum response_read
next_line(struct span bytes, size_t *at, struct span *ret_line)
{
	const char *start = bytes.at + *at;
	const char *lf = memchr(start, '\n', bytes.len - *at);

	if (lf == NULL)
		return RESPONSE_MORE;
	if (lf == start || lf[-1] != '\r')
		return RESPONSE_BAD;
	*ret_line = (struct span){ start, (size_t)(lf - start) - 1 };
	*at = (size_t)(lf - bytes.at) + 1;
	return RESPONSE_DONE;
}

/* "HTTP/1.x DDD[ phrase]" */
static bool
read_status(struct span line, struct response *response)
{
	int64_t status;

	if (line.len < 12 || !span_starts(line, SPAN("HTTP/1.")))
		return false;
	if ((line.at[7] != '0' && line.at[7] != '1') || line.at[8] != ' ')
		return false;
	if (!digits_read(span_slice(line, 9, 12), 3, &status))
		return false;
	if (line.len > 12 && line.at[12] != ' ')
		return false;
	response->version_minor = line.at[7] - '0';
	response->status = (int)status;
	response->reason_phrase = span_slice(line, 13, line.len);
	return response->status >= 100 && response->status <= 599;
}

static const char *
read_header(struct span line, struct response *response)
{
	size_t colon = span_find(line, ':');
	struct header *header = &response->headers[response->header_count];

	if (response->header_count == RESPONSE_MAX_HEADERS)
		return "too many headers";
	header->name = span_slice(line, 0, colon);
	header->value = span_trim(span_slice(line, colon + 1, line.len));
	if (colon == line.len || !token_char_all(header->name))
		return "a header line without a proper name";
	if (!field_value_valid(header->value))
		return "control bytes in a header";
	response->header_count++;
	return NULL;
}

/* Read the framing of the body and the connection's persistence from the headers. */
struct framing_said {
	int lengths, codings;
	int64_t length;
	bool close, keep;
};

static const char *
read_framing(const struct response *response, struct framing_said *said)
{
	for (size_t i = 0; i < response->header_count; i++) {
		const struct header *header = &response->headers[i];

		if (span_equal_nocase(header->name, SPAN("Content-Length"))) {
			if (said->lengths++ > 0 ||
			    !digits_read(header->value, LENGTH_DIGITS, &said->length))
				return "Content-Length twice or not a number";
		} else if (span_equal_nocase(header->name, SPAN("Transfer-Encoding"))) {
			if (said->codings++ > 0 ||
			    !span_equal_nocase(header->value, SPAN("chunked")))
				return "a Transfer-Encoding other than chunked";
		} else if (span_equal_nocase(header->name, SPAN("Connection"))) {
			said->close |= header_lists(header->value, SPAN("close"));
			said->keep |= header_lists(header->value, SPAN("keep-alive"));
		}
	}
	if (said->lengths > 0 && said->codings > 0)
		return "both Content-Length and Transfer-Encoding";
	if (said->codings > 0 && response->version_minor == 0)
		return "Transfer-Encoding in HTTP/1.0";
	return NULL;
}

static bool
has_no_body(int status, bool head_only)
{
	return head_only || status < 200 || status == 204 || status == 304;
}

static enum response_read
settle(struct response *response, bool head_only)
{
	struct framing_said said = { .length = -1 };
	const char *wrong = read_framing(response, &said);

	if (wrong != NULL)
		return bad(response, wrong);
	response->content_length = said.lengths > 0 ? said.length : -1;
	response->keep_alive = !said.close && (response->version_minor > 0 || said.keep);
	if (has_no_body(response->status, head_only))
		response->framing = RESPONSE_NONE;
	else if (said.codings > 0)
		response->framing = RESPONSE_CHUNKED;
	else if (said.lengths > 0)
		response->framing = said.length > 0 ? RESPONSE_LENGTH : RESPONSE_NONE;
	else
		response->framing = RESPONSE_CLOSE;
	if (response->framing == RESPONSE_CLOSE)
		response->keep_alive = false;
	return RESPONSE_DONE;
}

enum response_read
response_read(struct span bytes, bool head_only, struct response *response)
{
	struct header *headers = response->headers;
	struct span line = { 0 };
	size_t at = 0;
	enum response_read read = next_line(bytes, &at, &line);
	bool first = true;

	*response = (struct response){ .headers = headers, .content_length = -1 };
	while (read == RESPONSE_DONE && (first || line.len > 0)) {
		const char *wrong = NULL;

		if (!first)
			wrong = read_header(line, response);
		else if (!read_status(line, response) ||
			 !field_value_valid(response->reason_phrase))
			wrong = "the status line is not HTTP/1.x";
		if (wrong != NULL)
			return bad(response, wrong);
		first = false;
		read = next_line(bytes, &at, &line);
	}
	if (at > RESPONSE_MAX_HEAD || (read == RESPONSE_MORE && bytes.len >= RESPONSE_MAX_HEAD))
		return bad(response, "the head is too large");
	if (read == RESPONSE_BAD)
		return bad(response, "a line that does not end with CRLF");
	if (read == RESPONSE_MORE)
		return RESPONSE_MORE;
	response->head_bytes = at;
	return settle(response, head_only);
}

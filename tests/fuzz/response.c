/* SPDX-License-Identifier: Apache-2.0 */
/* A head is read the same whatever follows it, is unfinished wherever it is cut, has one framing,
 * and says the same when it is written again from what was read. */
#include "fuzz.h"

#include "base/buffer.h"
#include "proxy/http/response.h"

#define BUFFER_BYTES (1u << 20)

static size_t
count_of(const struct response *response, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < response->header_count; i++)
		count += span_equal_nocase(response->headers[i].name, span_of(name));
	return count;
}

static void
check_framing(const struct response *response, bool head_only)
{
	size_t lengths = count_of(response, "Content-Length");
	size_t codings = count_of(response, "Transfer-Encoding");
	bool bodyless = head_only || response->status < 200 || response->status == 204 ||
			response->status == 304;

	MUST_HOLD(response->status >= 100 && response->status <= 599);
	MUST_HOLD(lengths + codings <= 1);
	MUST_HOLD((response->content_length >= 0) == (lengths == 1));
	MUST_HOLD(!bodyless || response->framing == RESPONSE_NONE);
	MUST_HOLD((response->framing == RESPONSE_CHUNKED) == (codings == 1 && !bodyless));
	MUST_HOLD(
	    (response->framing == RESPONSE_LENGTH) == (response->content_length > 0 && !bodyless));
	MUST_HOLD(response->framing != RESPONSE_CLOSE || !response->keep_alive);
}

static void
check_headers(const struct response *response)
{
	MUST_HOLD(response->header_count <= RESPONSE_MAX_HEADERS);
	for (size_t i = 0; i < response->header_count; i++) {
		const struct header *header = &response->headers[i];

		MUST_HOLD(header->name.len > 0);
		for (size_t j = 0; j < header->name.len; j++)
			MUST_HOLD(header->name.at[j] > ' ' && header->name.at[j] != ':');
		for (size_t j = 0; j < header->value.len; j++)
			MUST_HOLD(strchr("\r\n", header->value.at[j]) == NULL);
	}
}

/* Every cut of a short head, the last ones of a long one. */
static void
check_cuts(struct span bytes, bool head_only, size_t head_bytes)
{
	static struct header headers[RESPONSE_MAX_HEADERS];
	struct response response = { .headers = headers };
	size_t from = head_bytes > 256 ? head_bytes - 8 : 0;

	for (size_t len = from; len < head_bytes; len++)
		MUST_HOLD(response_read(span_slice(bytes, 0, len), head_only, &response) ==
			  RESPONSE_MORE);
	MUST_HOLD(
	    response_read(span_slice(bytes, 0, head_bytes), head_only, &response) == RESPONSE_DONE);
	MUST_HOLD(response.head_bytes == head_bytes);
}

static void
check_again(const struct response *response, bool head_only)
{
	static struct header headers[RESPONSE_MAX_HEADERS];
	struct response again = { .headers = headers };
	struct buffer text;

	buffer_init(&text, BUFFER_BYTES);
	buffer_format(&text, "HTTP/1.%d %d ", response->version_minor, response->status);
	buffer_add(&text, response->reason_phrase);
	buffer_add_text(&text, "\r\n");
	for (size_t i = 0; i < response->header_count; i++) {
		buffer_add(&text, response->headers[i].name);
		buffer_add_byte(&text, ':');
		buffer_add(&text, response->headers[i].value);
		buffer_add_text(&text, "\r\n");
	}
	buffer_add_text(&text, "\r\nbody");
	/* a status line without a phrase is one byte longer when written again */
	if (!text.failed && text.len <= RESPONSE_MAX_HEAD) {
		MUST_HOLD(response_read(buffer_span(&text), head_only, &again) == RESPONSE_DONE);
		MUST_HOLD(again.head_bytes + 4 == text.len);
		MUST_HOLD(again.framing == response->framing && again.status == response->status);
		MUST_HOLD(again.content_length == response->content_length);
		MUST_HOLD(again.keep_alive == response->keep_alive);
		MUST_HOLD(again.header_count == response->header_count);
	}
	buffer_done(&text);
}

static bool
read_head(struct span bytes, bool head_only)
{
	static struct header headers[RESPONSE_MAX_HEADERS];
	struct response response = { .headers = headers };
	enum response_read read = response_read(bytes, head_only, &response);

	MUST_HOLD((read == RESPONSE_BAD) == (response.detail != NULL));
	if (read == RESPONSE_DONE) {
		MUST_HOLD(response.head_bytes <= bytes.len);
		MUST_HOLD(response.head_bytes <= RESPONSE_MAX_HEAD);
		check_framing(&response, head_only);
		check_headers(&response);
		check_cuts(bytes, head_only, response.head_bytes);
		check_again(&response, head_only);
	}
	return read == RESPONSE_DONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = fuzz_span(data, size);

	fuzz_accepted = read_head(bytes, false);
	MUST_HOLD(read_head(bytes, true) == fuzz_accepted);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A request's head is the same head in whichever pieces it comes, what follows it is left alone,
 * and written out again it is read as it was. */
#include "fuzz.h"

#include "base/buffer.h"
#include "proxy/http/request_head.h"
#include "proxy/http/token_char.h"

#define BUFFER_BYTES (4u << 20)
#define ALL_CUTS 256 /* bytes of a head that is cut in two at every place */

/* What came of the bytes. */
struct outcome {
	enum request_head found;
	struct request_scan scan;
	size_t end;
	const char *detail;
};

static void
arrive(struct span bytes, struct outcome *outcome)
{
	outcome->found = request_head_scan(bytes, &outcome->scan, &outcome->end, &outcome->detail);
	MUST_HOLD(outcome->found != REQUEST_HEAD_CROWDED);
	MUST_HOLD(outcome->scan.start <= 2 && outcome->scan.line <= bytes.len);
	MUST_HOLD(outcome->scan.scanned <= bytes.len);
	MUST_HOLD(outcome->found != REQUEST_HEAD_DONE || outcome->end <= bytes.len);
	MUST_HOLD((outcome->found == REQUEST_HEAD_BAD) == (outcome->detail != NULL));
}

/* The first `cut` bytes, then `step` more at a time. */
static struct outcome
scan_pieces(struct span bytes, size_t cut, size_t step)
{
	struct outcome outcome = { 0 };

	arrive(span_slice(bytes, 0, cut), &outcome);
	while (outcome.found == REQUEST_HEAD_MORE && cut < bytes.len) {
		cut = bytes.len - cut > step ? cut + step : bytes.len;
		arrive(span_slice(bytes, 0, cut), &outcome);
	}
	return outcome;
}

static void
check_same(struct outcome pieces, const struct outcome *whole)
{
	MUST_HOLD(pieces.found == whole->found);
	MUST_HOLD(pieces.detail == whole->detail);
	MUST_HOLD(pieces.found != REQUEST_HEAD_DONE || pieces.end == whole->end);
	MUST_HOLD(pieces.found != REQUEST_HEAD_DONE || pieces.scan.start == whole->scan.start);
}

static void
check_pieces(struct span bytes, const struct outcome *whole)
{
	check_same(scan_pieces(bytes, 0, 1), whole);
	check_same(scan_pieces(bytes, 0, 7), whole);
	for (size_t cut = 1; cut < bytes.len && bytes.len <= ALL_CUTS; cut++)
		check_same(scan_pieces(bytes, cut, bytes.len), whole);
}

static bool
within(struct span part, struct span head)
{
	return part.len == 0 || (part.at >= head.at && part.at + part.len <= head.at + head.len);
}

static bool
has_line_end(struct span text)
{
	return span_find(text, '\n') < text.len;
}

static void
check_parts(const struct request *request, struct span head)
{
	MUST_HOLD(token_char_all(request->method) && within(request->method, head));
	MUST_HOLD(request->target.len > 0 && within(request->target, head));
	for (size_t i = 0; i < request->target.len; i++)
		MUST_HOLD((unsigned char)request->target.at[i] > ' ');
	MUST_HOLD(request->version_minor == 0 || request->version_minor == 1);
	MUST_HOLD(request->header_count < REQUEST_MAX_HEADERS);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *header = &request->headers[i];

		MUST_HOLD(token_char_all(header->name) && within(header->name, head));
		MUST_HOLD(within(header->value, head) && !has_line_end(header->value));
		MUST_HOLD(span_equal(span_trim(header->value), header->value));
	}
}

static void
write_out(const struct request *request, struct buffer *text)
{
	buffer_add(text, request->method);
	buffer_add_text(text, " ");
	buffer_add(text, request->target);
	buffer_format(text, " HTTP/1.%d\r\n", request->version_minor);
	for (size_t i = 0; i < request->header_count; i++) {
		buffer_add(text, request->headers[i].name);
		buffer_add_text(text, ": ");
		buffer_add(text, request->headers[i].value);
		buffer_add_text(text, "\r\n");
	}
	buffer_add_text(text, "\r\n");
}

/* With another request behind it. */
static void
check_again(const struct request *request)
{
	static struct request again;
	struct outcome outcome;
	struct buffer text;
	const char *detail = NULL;
	size_t len;

	buffer_init(&text, BUFFER_BYTES);
	write_out(request, &text);
	len = text.len;
	buffer_add_text(&text, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
	MUST_HOLD(!text.failed);
	outcome = scan_pieces(buffer_span(&text), text.len, text.len);
	MUST_HOLD(outcome.found == REQUEST_HEAD_DONE && outcome.end == len);
	MUST_HOLD(request_head_read(span_slice(buffer_span(&text), 0, len), &again, &detail) ==
		  REQUEST_HEAD_DONE);
	MUST_HOLD(span_equal(again.method, request->method));
	MUST_HOLD(span_equal(again.target, request->target));
	MUST_HOLD(again.version_minor == request->version_minor);
	MUST_HOLD(again.header_count == request->header_count);
	for (size_t i = 0; i < again.header_count; i++) {
		MUST_HOLD(span_equal(again.headers[i].name, request->headers[i].name));
		MUST_HOLD(span_equal(again.headers[i].value, request->headers[i].value));
	}
	buffer_done(&text);
}

/* good: a head that is complete and can be read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request;
	struct span bytes = fuzz_span(data, size);
	struct outcome whole = scan_pieces(bytes, size, size);
	enum request_head read = whole.found;
	const char *detail = NULL;

	check_pieces(bytes, &whole);
	if (whole.found == REQUEST_HEAD_DONE) {
		struct span head = span_slice(bytes, whole.scan.start, whole.end);

		read = request_head_read(head, &request, &detail);
		MUST_HOLD(read != REQUEST_HEAD_MORE);
		MUST_HOLD((read == REQUEST_HEAD_BAD) == (detail != NULL));
		if (read == REQUEST_HEAD_DONE) {
			check_parts(&request, head);
			check_again(&request);
		}
	}
	fuzz_accepted = read == REQUEST_HEAD_DONE;
	return 0;
}

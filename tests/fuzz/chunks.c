/* SPDX-License-Identifier: Apache-2.0 */
/* A chunked body is the same body in whichever pieces it comes, ends at the same byte, and what
 * follows it is left alone. */
#include "fuzz.h"

#include "base/buffer.h"
#include "proxy/http/response.h"

#define BUFFER_BYTES (4u << 20)
#define ALL_CUTS 128 /* bytes of a body that is cut in two at every place */

/* What came of a body. */
struct outcome {
	enum response_read read;
	size_t used;
	struct buffer data;
};

static void
feed(struct chunks *chunks, struct span bytes, struct outcome *outcome)
{
	while (outcome->read == RESPONSE_MORE && bytes.len > 0) {
		struct span data = { 0 };
		size_t used = 0;

		outcome->read = chunks_read(chunks, bytes, &used, &data);
		MUST_HOLD(used > 0 && used <= bytes.len);
		MUST_HOLD(data.len == 0 ||
			  (data.at >= bytes.at && data.at + data.len <= bytes.at + used));
		buffer_add(&outcome->data, data);
		outcome->used += used;
		bytes = span_slice(bytes, used, bytes.len);
	}
}

static void
start(struct chunks *chunks, struct outcome *outcome)
{
	*chunks = (struct chunks){ 0 };
	*outcome = (struct outcome){ .read = RESPONSE_MORE };
	buffer_init(&outcome->data, BUFFER_BYTES);
}

static void
check_same(const struct outcome *whole, struct outcome *pieces)
{
	MUST_HOLD(pieces->read == whole->read && pieces->used == whole->used);
	MUST_HOLD(!pieces->data.failed);
	MUST_HOLD(span_equal(buffer_span(&pieces->data), buffer_span(&whole->data)));
	buffer_done(&pieces->data);
}

/* In pieces of `step` bytes, the first of `first`. */
static void
check_pieces(struct span bytes, size_t first, size_t step, const struct outcome *whole)
{
	struct chunks chunks;
	struct outcome pieces;

	start(&chunks, &pieces);
	feed(&chunks, span_slice(bytes, 0, first), &pieces);
	for (size_t at = first; at < bytes.len; at += step)
		feed(&chunks, span_slice(bytes, at, at + step), &pieces);
	check_same(whole, &pieces);
}

static void
check_tail(struct span bytes, const struct outcome *whole)
{
	struct chunks chunks;
	struct outcome longer;
	struct buffer text;

	buffer_init(&text, BUFFER_BYTES);
	buffer_add(&text, span_slice(bytes, 0, whole->used));
	buffer_add_text(&text, "5\r\nHTTP/1.1 200 OK\r\n\r\n");
	start(&chunks, &longer);
	feed(&chunks, buffer_span(&text), &longer);
	check_same(whole, &longer);
	buffer_done(&text);
}

/* The same data as one chunk. */
static void
check_again(const struct outcome *whole)
{
	struct chunks chunks;
	struct outcome again;
	struct buffer text;

	buffer_init(&text, BUFFER_BYTES);
	if (whole->data.len > 0) {
		buffer_format(&text, "%zX\r\n", whole->data.len);
		buffer_add(&text, buffer_span(&whole->data));
		buffer_add_text(&text, "\r\n");
	}
	buffer_add_text(&text, "0\r\n\r\n");
	start(&chunks, &again);
	feed(&chunks, buffer_span(&text), &again);
	MUST_HOLD(again.read == RESPONSE_DONE && again.used == text.len);
	MUST_HOLD(span_equal(buffer_span(&again.data), buffer_span(&whole->data)));
	buffer_done(&again.data);
	buffer_done(&text);
}

/* good: a body that ends. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = fuzz_span(data, size);
	struct chunks chunks;
	struct outcome whole;

	start(&chunks, &whole);
	feed(&chunks, bytes, &whole);
	fuzz_accepted = whole.read == RESPONSE_DONE;
	MUST_HOLD(whole.data.len <= size && whole.used <= size);
	check_pieces(bytes, 0, 1, &whole);
	check_pieces(bytes, 0, 7, &whole);
	for (size_t cut = 1; cut < size && size <= ALL_CUTS; cut++)
		check_pieces(bytes, cut, size, &whole);
	if (fuzz_accepted) {
		check_tail(bytes, &whole);
		check_again(&whole);
	}
	buffer_done(&whole.data);
	return 0;
}

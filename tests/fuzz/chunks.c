/* SPDX-License-Identifier: Apache-2.0 */
/* However a chunked body is cut, the same data and the same end come out. */
#include <string.h>

#include "proxy/response.h"

#include "fuzz.h"

struct outcome {
	enum response_read read;
	size_t used, data;
	uint32_t sum;
};

static struct outcome
read_in(struct span bytes, size_t step)
{
	struct outcome outcome = { .read = RESPONSE_MORE };
	struct chunks chunks = { 0 };

	while (outcome.read == RESPONSE_MORE && bytes.len > 0) {
		struct span data;
		size_t used = 0;

		outcome.read = chunks_read(&chunks, span_slice(bytes, 0, step), &used, &data);
		PROMISE(used > 0 && used <= bytes.len);
		for (size_t i = 0; i < data.len; i++)
			outcome.sum = outcome.sum * 31 + (unsigned char)data.at[i];
		outcome.data += data.len;
		outcome.used += used;
		bytes = span_slice(bytes, used, bytes.len);
	}
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = fuzz_span(data, size);
	struct outcome whole = read_in(bytes, size), pieces = read_in(bytes, 1),
		       sevens = read_in(bytes, 7);

	PROMISE(whole.read == pieces.read && whole.read == sevens.read);
	PROMISE(whole.used == pieces.used && whole.data == pieces.data && whole.sum == pieces.sum);
	PROMISE(whole.used == sevens.used && whole.data == sevens.data && whole.sum == sevens.sum);
	return 0;
}

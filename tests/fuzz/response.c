/* SPDX-License-Identifier: Apache-2.0 */
/* A head that is read whole is not read from less, and has one framing. */
#include "proxy/response.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header *headers = malloc(RESPONSE_MAX_HEADERS * sizeof(*headers));
	struct response response = { .headers = headers };
	struct span bytes = fuzz_span(data, size);

	PROMISE(headers != NULL);
	switch (response_read(bytes, false, &response)) {
	case RESPONSE_DONE:
		PROMISE(response.head_bytes <= size && response.status >= 100);
		PROMISE(response.framing != RESPONSE_LENGTH || response.content_length > 0);
		PROMISE(response.header_count <= RESPONSE_MAX_HEADERS);
		bytes.len = response.head_bytes - 1;
		PROMISE(response_read(bytes, false, &response) == RESPONSE_MORE);
		break;
	case RESPONSE_BAD:
		PROMISE(response.detail != NULL);
		break;
	case RESPONSE_MORE:
		break;
	}
	free(headers);
	return 0;
}

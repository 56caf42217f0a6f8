/* SPDX-License-Identifier: Apache-2.0 */
/* A PROXY header ends at one byte, whatever follows it, and nothing shorter is one. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"
#include "proxy/listener/events/proxy_header.h"

/* In memory of its own size, so that nothing is read beyond it. */
static enum proxy_header
read_exactly(struct span bytes, struct proxy_header_said *said, size_t *length)
{
	char *copy = malloc(bytes.len + (bytes.len == 0));
	enum proxy_header read;

	MUST_HOLD(copy != NULL);
	memcpy(copy, bytes.at, bytes.len);
	read = proxy_header_read((struct span){ copy, bytes.len }, said, length);
	free(copy);
	return read;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = fuzz_span(data, size);
	struct proxy_header_said said, shorter;
	struct cidr_address address;
	size_t length = 0, other = 0;

	fuzz_accepted = read_exactly(bytes, &said, &length) == PROXY_HEADER_DONE;
	if (!fuzz_accepted)
		return 0;
	MUST_HOLD(length > 0 && length <= size && length <= PROXY_HEADER_MAX);
	MUST_HOLD(
	    (said.client == PROXY_HEADER_NAMED) == cidr_address_read(span_of(said.peer), &address));
	for (size_t cut = 0; cut <= length; cut++) {
		enum proxy_header read = read_exactly(span_slice(bytes, 0, cut), &shorter, &other);

		MUST_HOLD(read == (cut < length ? PROXY_HEADER_MORE : PROXY_HEADER_DONE));
	}
	MUST_HOLD(other == length && memcmp(&shorter, &said, sizeof(said)) == 0);
	return 0;
}

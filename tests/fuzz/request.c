/* SPDX-License-Identifier: Apache-2.0 */
/* METHOD, then "NAME:VALUE" lines, each ended by a line feed. What passes the check has one framing
 * and one host. */
#include "proxy/credentials.h"
#include "proxy/request.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request *request = malloc(sizeof(*request));
	struct span rest = fuzz_span(data, size), line;
	struct credentials credentials;

	PROMISE(request != NULL);
	*request = (struct request){ .version_minor = 1 };
	if (span_cut(&rest, '\n', &line))
		request->method = line;
	while (request->header_count < REQUEST_MAX_HEADERS && span_cut(&rest, '\n', &line)) {
		struct header *header = &request->headers[request->header_count++];
		size_t colon = span_find(line, ':');

		header->name = span_slice(line, 0, colon);
		header->value = span_trim(span_slice(line, colon + 1, line.len));
	}
	if (request_check(request) == REASON_OK) {
		PROMISE(request_header_count(request, "Host") == 1);
		PROMISE(request_header_count(request, "Content-Length") +
			    request_header_count(request, "Transfer-Encoding") <=
			1);
		PROMISE(request->content_length >= 0);
		PROMISE(request_header_count(request, "Authorization") <= 1);
		(void)!credentials_read(request, &credentials);
	} else {
		PROMISE(request->detail != NULL);
	}
	free(request);
	return 0;
}

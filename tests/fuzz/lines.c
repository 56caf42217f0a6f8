/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

void
lines_read(struct span text, struct request *request)
{
	static const struct span old = { " HTTP/1.0", 9 };
	struct span line = { 0 };

	*request = (struct request){ .version_minor = 1 };
	(void)span_cut(&text, '\n', &line);
	if (span_ends(line, old)) {
		request->version_minor = 0;
		line.len -= old.len;
	}
	request->method = line;
	request->target = SPAN("/");
	while (request->header_count < REQUEST_MAX_HEADERS && span_cut(&text, '\n', &line)) {
		size_t colon = span_find(line, ':');

		request->headers[request->header_count++] =
		    (struct header){ .name = span_slice(line, 0, colon),
			    .value = span_trim(span_slice(line, colon + 1, line.len)) };
	}
}

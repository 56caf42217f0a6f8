/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of proxy/ share: a request made of header lines. */
#ifndef POSTERN_TESTS_HEAD_H
#define POSTERN_TESTS_HEAD_H

#include "proxy/http/request.h"

/* Make a request of "NAME: value" lines that end with "\n". `lines` must outlive it. */
static inline void
head_read(struct request *request, const char *method, const char *lines)
{
	struct span rest = span_of(lines), line;

	*request = (struct request){ .version_minor = 1 };
	request->method = span_of(method);
	request->target = SPAN("/");
	while (rest.len > 0 && span_cut(&rest, '\n', &line)) {
		size_t colon = span_find(line, ':');
		struct header *header = &request->headers[request->header_count++];

		header->name = span_slice(line, 0, colon);
		header->value = span_trim(span_slice(line, colon + 1, line.len));
	}
}

#endif

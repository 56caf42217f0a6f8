/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/hops.h"

#include "base/digits.h"

/* The protocol may be another one by the time that the request comes back. */
static bool
is_named(struct span hop, struct span name)
{
	hop = span_trim(hop);
	return hop.len >= name.len &&
	       span_equal(span_slice(hop, hop.len - name.len, hop.len), name);
}

bool
hops_include(const struct request *request, struct span via)
{
	struct span name = span_slice(via, span_find(via, ' ') + 1, via.len), rest, hop;

	for (size_t i = 0; i < request->header_count; i++) {
		if (!span_equal_nocase(request->headers[i].name, SPAN("Via")))
			continue;
		rest = request->headers[i].value;
		while (span_cut(&rest, ',', &hop))
			if (is_named(hop, name))
				return true;
	}
	return false;
}

int64_t
hops_left(const struct request *request)
{
	int64_t left;

	if (!span_is(request->method, "OPTIONS") ||
	    !digits_read(request_header(request, "Max-Forwards"), 9, &left))
		return -1;
	return left;
}

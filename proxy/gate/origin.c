/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/origin.h"

#include "token/detail.h"

/* The host as a browser writes it in Origin: without the port that its scheme has anyway. */
static struct span
without_default_port(struct span host, bool secure)
{
	struct span port = secure ? SPAN(":443") : SPAN(":80");

	return span_ends(host, port) ? span_slice(host, 0, host.len - port.len) : host;
}

/* Is it scheme and host of the request? */
static bool
is_own(const struct request *request, struct span origin)
{
	struct span scheme = request->secure ? SPAN("https://") : SPAN("http://");
	struct span host = without_default_port(request->host, request->secure);

	return host.len > 0 && span_starts(origin, scheme) &&
	       span_equal_nocase(span_slice(origin, scheme.len, origin.len), host);
}

static bool
is_listed(const struct cors *cors, struct span origin)
{
	for (size_t i = 0; cors != NULL && i < cors->origins.count; i++)
		if (span_is(origin, cors->origins.at[i]))
			return !span_is(origin, "*");
	return false;
}

/* A gateway that asks (forward-auth) drops Upgrade, which is hop-by-hop, but not the key. */
static bool
is_upgrade(const struct request *request)
{
	return request_header_count(request, "Upgrade") > 0 ||
	       request_header_count(request, "Sec-WebSocket-Key") > 0;
}

bool
origin_may_use_cookie(const struct request *request, const struct cors *cors)
{
	bool safe = span_is(request->method, "GET") || span_is(request->method, "HEAD") ||
		    span_is(request->method, "OPTIONS");
	struct span origin = request_header(request, "Origin");

	if (safe && !is_upgrade(request))
		return true;
	return request_header_count(request, "Origin") == 1 &&
	       (is_own(request, origin) || is_listed(cors, origin));
}

const char *
origin_detail(const struct request *request, struct arena *arena)
{
	size_t count = request_header_count(request, "Origin");

	return arena_format(arena,
	    "a token in a cookie needs the Origin of this host, which is %s://%.*s, or one of "
	    "cors.origins; %s%s",
	    request->secure ? "https" : "http",
	    SPAN_ARG(without_default_port(request->host, request->secure)),
	    count == 1  ? "it has "
	    : count > 1 ? "it has several"
			: "it has none",
	    count == 1 ? detail_quote(arena, request_header(request, "Origin")) : "");
}

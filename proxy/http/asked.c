/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/asked.h"

#include <string.h>

#include "proxy/http/forwarded_client.h"
#include "proxy/http/host.h"

static const struct {
	const char *method, *uri;
} names[] = {
	[ASKED_ORIGINAL] = { "X-Original-Method", "X-Original-URI" },
	[ASKED_FORWARDED] = { "X-Forwarded-Method", "X-Forwarded-Uri" },
};

/* How many headers have the name, in any spelling that somebody might take for it. */
static size_t
spelled(const struct request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		count += header_same_name(request->headers[i].name, span_of(name));
	return count;
}

/* The value of a header that is there once and is not empty. */
static bool
read_only(const struct request *request, const char *name, struct span *ret_value)
{
	*ret_value = request_header(request, name);
	return ret_value->len > 0 && spelled(request, name) == 1;
}

static bool
has_other_form(enum asked_form form, const struct request *request)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (i != (size_t)form &&
		    (spelled(request, names[i].method) > 0 || spelled(request, names[i].uri) > 0))
			return true;
	return false;
}

static const char *
read_target(enum asked_form form, const struct request *request, struct request *asked)
{
	struct span target = request->target;

	if (has_other_form(form, request))
		return "it has headers of another form than forward_auth.form";
	if (form == ASKED_PATH_BELOW) {
		if (!span_starts(target, SPAN(ASKED_PATH "/")))
			return "the request in question must be below " ASKED_PATH;
		asked->target = span_slice(target, strlen(ASKED_PATH), target.len);
		return NULL;
	}
	/* Caddy appends its client's query, which is in X-Forwarded-Uri as well. */
	if (!span_is(span_slice(target, 0, span_find(target, '?')), ASKED_PATH))
		return "the path must be " ASKED_PATH;
	if (!read_only(request, names[form].method, &asked->method) ||
	    !read_only(request, names[form].uri, &asked->target))
		return "each header of forward_auth.form must be there exactly once";
	return asked->target.at[0] == '/' ? NULL : "the URI in question must begin with \"/\"";
}

/* In form `forwarded` the gateway names the host in a header of its own; in the others it keeps
 * Host. */
static const char *
read_host(enum asked_form form, const struct request *request, struct request *asked)
{
	struct span host;

	if (form != ASKED_FORWARDED || spelled(request, "X-Forwarded-Host") == 0)
		return NULL;
	if (!read_only(request, "X-Forwarded-Host", &host) || !host_plain(host))
		return "X-Forwarded-Host must be one host, and be there at most once";
	for (size_t i = 0; i < asked->header_count; i++)
		if (span_equal_nocase(asked->headers[i].name, SPAN("Host")))
			asked->headers[i].value = host;
	asked->host = host;
	return NULL;
}

enum reason
asked_read(enum asked_form form, const struct cidr_set *proxies, const struct request *request,
    struct request *ret_asked)
{
	struct forwarded_rules rules = { *proxies, FORWARDED_FOR | FORWARDED_PROTO };

	*ret_asked = *request;
	ret_asked->certificate = NULL; /* the gateway's */
	ret_asked->detail = read_target(form, request, ret_asked);
	if (ret_asked->detail == NULL)
		ret_asked->detail = read_host(form, request, ret_asked);
	return ret_asked->detail == NULL ? forwarded_client_read(&rules, ret_asked)
					 : REASON_REQUEST_MALFORMED;
}

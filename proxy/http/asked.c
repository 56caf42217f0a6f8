/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/asked.h"

#include <string.h>

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
	if (!span_is(target, ASKED_PATH))
		return "the path must be " ASKED_PATH;
	if (!read_only(request, names[form].method, &asked->method) ||
	    !read_only(request, names[form].uri, &asked->target))
		return "each header of forward_auth.form must be there exactly once";
	return asked->target.at[0] == '/' ? NULL : "the URI in question must begin with \"/\"";
}

/* Cut the last entry off a list. */
static struct span
cut_last(struct span *list)
{
	size_t from = list->len;
	struct span entry;

	while (from > 0 && list->at[from - 1] != ',')
		from--;
	entry = span_trim(span_slice(*list, from, list->len));
	list->len = from == 0 ? 0 : from - 1;
	return entry;
}

/* Read a list from its end, up to an entry that is not a proxy's. */
static const char *
read_entries(
    const struct cidr_set *proxies, struct span list, struct request *asked, bool *ret_found)
{
	struct cidr_address address;

	while (list.len > 0 && !*ret_found) {
		struct span entry = cut_last(&list);

		if (!cidr_address_read(entry, &address))
			return "an entry of X-Forwarded-For is no address";
		memcpy(asked->peer, entry.at, entry.len);
		asked->peer[entry.len] = '\0';
		*ret_found = !cidr_set_has(proxies, entry);
	}
	return NULL;
}

/* The last entry of X-Forwarded-For that is not a proxy's: what stands before it anybody may have
 * written. The lines are one list (RFC 9110 section 5.3). */
static const char *
read_peer(const struct cidr_set *proxies, const struct request *request, struct request *asked)
{
	const char *wrong = NULL;
	bool found = false;

	for (size_t i = request->header_count; i > 0 && !found && wrong == NULL; i--)
		if (span_equal_nocase(request->headers[i - 1].name, SPAN("X-Forwarded-For")))
			wrong = read_entries(proxies, request->headers[i - 1].value, asked, &found);
	return wrong;
}

enum reason
asked_read(enum asked_form form, const struct cidr_set *proxies, const struct request *request,
    struct request *ret_asked)
{
	*ret_asked = *request;
	ret_asked->certificate = NULL; /* the gateway's */
	ret_asked->detail = read_target(form, request, ret_asked);
	if (ret_asked->detail == NULL)
		ret_asked->detail = read_peer(proxies, request, ret_asked);
	return ret_asked->detail == NULL ? REASON_OK : REASON_REQUEST_MALFORMED;
}

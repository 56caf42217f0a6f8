/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/audience.h"

#include "base/digits.h"

static bool
is_alpha(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool
is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool
scheme_valid(struct span scheme)
{
	size_t i;

	for (i = 0; i < scheme.len; i++) {
		if (!is_alpha(scheme.at[i]) && !is_digit(scheme.at[i]) && scheme.at[i] != '+' &&
		    scheme.at[i] != '-' && scheme.at[i] != '.')
			return false;
	}
	return scheme.len > 0 && is_alpha(scheme.at[0]);
}

/* The characters allowed in a URI after the scheme, except "#". */
static bool
byte_valid(char byte)
{
	return byte > 0x20 && byte < 0x7f && strchr("\"#<>\\^`{|}", byte) == NULL;
}

bool
audience_uri_valid(struct span text)
{
	size_t colon = span_find(text, ':'), i;
	struct span rest = span_slice(text, colon + 1, text.len);

	if (rest.len == 0 || !scheme_valid(span_slice(text, 0, colon)))
		return false;
	for (i = 0; i < rest.len; i++) {
		if (!byte_valid(rest.at[i]))
			return false;
		if (rest.at[i] == '%' && (rest.len - i < 3 || digits_hex(rest.at[i + 1]) < 0 ||
					     digits_hex(rest.at[i + 2]) < 0))
			return false;
	}
	return true;
}

/* Clients that store a parsed URL write "https://host" with a slash (RFC 3986 section 6.2.3). */
static struct span
without_slash(struct span url)
{
	if (span_ends(url, SPAN("/")))
		url.len--;
	return url;
}

static const char *
find(const struct texts *ours, const struct audience_request *request, struct span asked)
{
	size_t i;

	for (i = 0; i < ours->count; i++) {
		if (span_is(asked, ours->at[i]))
			return ours->at[i];
	}
	for (i = 0; request->resources != NULL && i < request->resources->count; i++) {
		if (span_equal(
			without_slash(asked), without_slash(span_of(request->resources->at[i]))))
			return request->resources->at[i];
	}
	if (request->self.at != NULL &&
	    span_equal(without_slash(asked), without_slash(request->self)))
		return ours->at[0];
	return NULL;
}

bool
audience_choose(
    const struct texts *ours, const struct audience_request *request, const char **ret_audience)
{
	const char *found = ours->at[0], *resource;

	if (request->audience.at != NULL)
		found = find(ours, request, request->audience);
	if (request->resource.at != NULL) {
		if (!audience_uri_valid(request->resource))
			return false;
		resource = find(ours, request, request->resource);
		if (request->audience.at != NULL && resource != found)
			return false;
		found = resource;
	}
	if (found != NULL)
		*ret_audience = found;
	return found != NULL;
}

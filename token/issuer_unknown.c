/* SPDX-License-Identifier: Apache-2.0 */
#include "token/issuer_unknown.h"

#include <string.h>

#include "token/detail.h"

/* An issuer taken apart, without its last slash. */
struct parts {
	struct span scheme, host, name, path; /* name: of the host, without the port */
};

static struct parts
parts_of(struct span issuer)
{
	struct parts parts = { .scheme = { issuer.at, 0 } };

	if (span_ends(issuer, SPAN("/")))
		issuer.len--;
	for (size_t i = 0; i + 3 <= issuer.len && parts.scheme.len == 0; i++)
		if (span_is(span_slice(issuer, i, i + 3), "://")) {
			parts.scheme = span_slice(issuer, 0, i);
			issuer = span_slice(issuer, i + 3, issuer.len);
		}
	parts.host = span_slice(issuer, 0, span_find(issuer, '/'));
	parts.name = span_slice(parts.host, 0, span_find(parts.host, ':'));
	parts.path = span_slice(issuer, parts.host.len, issuer.len);
	return parts;
}

static bool
is_entra(const struct parts *parts)
{
	return span_is(parts->name, "sts.windows.net") ||
	       span_is(parts->name, "login.microsoftonline.com");
}

static struct span
tenant_of(const struct parts *parts)
{
	struct span path = span_slice(parts->path, 1, parts->path.len);

	return span_slice(path, 0, span_find(path, '/'));
}

static bool
has_realm(const struct parts *parts)
{
	for (size_t i = 0; i + 8 <= parts->path.len; i++)
		if (span_is(span_slice(parts->path, i, i + 8), "/realms/"))
			return true;
	return false;
}

static const char *
path_differs(const struct parts *own, const struct parts *got)
{
	if (span_equal_nocase(own->path, got->path))
		return "upper and lower case differ";
	if (got->path.len == 0 && span_starts(own->path, SPAN("/oauth2/")))
		return "it is the org authorization server's, whose tokens only Okta can verify: "
		       "ask "
		       "the custom one for a token";
	if (has_realm(own) && has_realm(got))
		return "the realm differs";
	return "the path differs";
}

/* The difference, and a distance: smaller is nearer; 0: not similar. */
static int
compare(struct span own_issuer, struct span issuer, const char **ret_what)
{
	struct parts own = parts_of(own_issuer), got = parts_of(issuer);

	if (is_entra(&own) && is_entra(&got)) {
		bool same = span_equal_nocase(tenant_of(&own), tenant_of(&got));

		*ret_what = !same ? "the tenant differs"
			    : !span_equal(own.name, got.name)
				? "one is of version 1, the other of version 2"
				: "the version or the last slash differs";
		return same ? 1 : 5;
	}
	if (!span_equal_nocase(own.name, got.name) || got.name.len == 0)
		return 0;
	if (!span_equal_nocase(own.host, got.host)) {
		*ret_what = "the port differs";
		return 4;
	}
	if (!span_equal(own.path, got.path)) {
		*ret_what = path_differs(&own, &got);
		return span_equal_nocase(own.path, got.path) ? 3 : 6;
	}
	if (!span_equal(own.scheme, got.scheme)) {
		*ret_what = "http and https differ";
		return 2;
	}
	*ret_what = span_equal(own.host, got.host) ? "the last slash differs"
						   : "upper and lower case differ";
	return 1;
}

const char *
issuer_unknown_detail(const struct trusted_issuer *trusted_issuers, size_t count,
    struct span issuer, struct arena *arena)
{
	const struct trusted_issuer *nearest = NULL;
	const char *shown = detail_quote(arena, issuer), *own, *what = NULL;
	int min = 0;

	for (size_t i = 0; i < count; i++) {
		const char *differs = NULL;
		int far = trusted_issuers[i].issuer == NULL
			      ? 0
			      : compare(span_of(trusted_issuers[i].issuer), issuer, &differs);

		if (far == 0 || (nearest != NULL && far >= min))
			continue;
		nearest = &trusted_issuers[i];
		min = far;
		what = differs;
	}
	if (shown == NULL || nearest == NULL)
		return arena_format(
		    arena, "no configured issuer has iss %s", shown == NULL ? "" : shown);
	own = detail_quote(arena, span_of(nearest->issuer));
	return arena_format(arena, "no configured issuer has iss %s; the closest is \"%s\", %s: %s",
	    shown, nearest->name, own == NULL ? "" : own, what);
}

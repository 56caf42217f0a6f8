/* SPDX-License-Identifier: Apache-2.0 */
#include "token/issuer_lint.h"

#include <stdbool.h>
#include <string.h>

#include "token/tenant.h"

/* The host and what follows it. */
static struct span
host_of(struct span issuer, struct span *ret_path)
{
	size_t start = span_starts(issuer, SPAN("https://")) ? 8 : 0;
	struct span host = span_slice(issuer, start, issuer.len);

	host = span_slice(host, 0, span_find(host, '/'));
	*ret_path = span_slice(issuer, start + host.len, issuer.len);
	return host;
}

/* Not a tenant, but a set of them: tokens name the tenant itself. */
static bool
is_shared(struct span tenant)
{
	return span_is(tenant, "common") || span_is(tenant, "organizations") ||
	       span_is(tenant, "consumers");
}

/* Entra's version 2 (`suffix` "/v2.0") or 1 ("/"), of which the rest of the path has to be that. */
static const char *
lint_tenant(struct span issuer, const char *suffix, struct arena *arena)
{
	struct span path, host = host_of(issuer, &path), tenant, rest;

	tenant = span_slice(path, 1, path.len);
	tenant = span_slice(tenant, 0, span_find(tenant, '/'));
	rest = span_slice(path, 1 + tenant.len, path.len);
	if (is_shared(tenant))
		return arena_format(arena,
		    "no token has this iss: tokens name the tenant that they are of%s; write "
		    "https://%.*s/TENANT%s, or " TENANT_TEMPLATE " in its place with \"tenants\"",
		    span_is(tenant, "consumers")
			? " (of personal accounts: 9188040d-6c67-4c5b-b112-36a304b66dad)"
			: "",
		    SPAN_ARG(host), suffix);
	if (!tenant_is_id(tenant) && !span_equal_nocase(tenant, SPAN(TENANT_TEMPLATE)))
		return arena_format(arena,
		    "no token has this iss: tokens name the tenant by its id, a GUID in lower "
		    "case; "
		    "write https://%.*s/TENANT-ID%s",
		    SPAN_ARG(host), suffix);
	if (!span_is(rest, suffix))
		return arena_format(arena,
		    "no token has this iss, which is compared exactly: write "
		    "\"https://%.*s/%.*s%s\"",
		    SPAN_ARG(host), SPAN_ARG(tenant), suffix);
	return NULL;
}

static const char *
lint_slash(const char *provider, struct span issuer, struct arena *arena)
{
	static const char *const bare[] = { "okta", "keycloak", "cognito", "google" };
	struct span path, host = host_of(issuer, &path);
	bool has_slash = span_ends(issuer, SPAN("/"));
	bool none = false;

	if (strcmp(provider, "auth0") == 0 || span_ends(host, SPAN(".auth0.com")))
		return has_slash ? NULL
				 : arena_format(arena,
				       "Auth0's tokens have an iss with \"/\" at its end, which is "
				       "compared exactly: write \"%.*s/\"",
				       SPAN_ARG(issuer));
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		none |= strcmp(provider, bare[i]) == 0;
	if (!has_slash || !none || path.len == 0)
		return NULL;
	if (path.len == 1 && strcmp(provider, "okta") == 0) /* which is a mistake already */
		return NULL;
	return arena_format(arena,
	    "tokens of %s have an iss without \"/\" at its end, which is compared exactly: write "
	    "\"%.*s\"",
	    provider, (int)issuer.len - 1, issuer.at);
}

/* "{realm}" or "<realm>", as manuals write what is to be replaced. */
static const char *
lint_placeholder(struct span issuer, struct arena *arena)
{
	for (size_t at = 0; at < issuer.len; at++) {
		struct span rest = span_slice(issuer, at, issuer.len);
		char end = rest.at[0] == '{' ? '}' : '>';
		size_t len = span_find(rest, end) + 1;

		if ((rest.at[0] != '{' && rest.at[0] != '<') || len > rest.len)
			continue;
		if (!span_equal_nocase(span_slice(rest, 0, len), SPAN(TENANT_TEMPLATE)))
			return arena_format(arena,
			    "iss is compared exactly: write the name itself in place of \"%.*s\"",
			    (int)len, rest.at);
	}
	return NULL;
}

static bool
has_blank(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t\r\n", text.at[i]) != NULL)
			return true;
	return false;
}

const char *
issuer_lint(const char *provider, struct span issuer, struct arena *arena)
{
	static const struct {
		const char *host, *suffix;
	} entra[] = {
		{ "login.microsoftonline.com", "/v2.0" },
		{ "login.microsoftonline.us", "/v2.0" },
		{ "login.partner.microsoftonline.cn", "/v2.0" },
		{ "sts.windows.net", "/" },
	};
	const char *const discovery = "/.well-known/openid-configuration";
	const char *odd;
	struct span path, host = host_of(issuer, &path);

	if (has_blank(issuer))
		return "iss is compared exactly, and none has white space in it: take it out";
	if (span_ends(issuer, span_of(discovery)))
		return arena_format(arena,
		    "is the address of the discovery document: write the issuer in it, mostly "
		    "\"%.*s\"",
		    (int)(issuer.len - strlen(discovery)), issuer.at);
	if (span_find(issuer, '*') < issuer.len)
		return "iss is compared exactly: \"*\" stands for nothing else; name each issuer "
		       "by itself";
	odd = lint_placeholder(issuer, arena);
	for (size_t i = 0; odd == NULL && i < sizeof(entra) / sizeof(entra[0]); i++)
		if (span_is(host, entra[i].host))
			return lint_tenant(issuer, entra[i].suffix, arena);
	return odd != NULL ? odd : lint_slash(provider, issuer, arena);
}

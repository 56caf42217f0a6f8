/* SPDX-License-Identifier: Apache-2.0 */
#include "token/issuer_match.h"

#include <string.h>

#include "base/json.h"
#include "token/issuer_lint.h"
#include "token/tenant.h"

#define ALIASES_MAX 2

#define GRAPH_HINT                                                                                 \
	"the token is for Microsoft Graph, which alone can verify it: ask for a token of your "    \
	"own API (scope api://YOUR-API/...)"

static const char entra_v2[] = "https://login.microsoftonline.com/";
static const char entra_v1[] = "https://sts.windows.net/";

/* The offset of {tenantid}, compared without case as in Entra's documents; text.len if absent. */
static size_t
find_template(struct span text)
{
	size_t len = sizeof(TENANT_TEMPLATE) - 1;

	for (size_t i = 0; i + len <= text.len; i++)
		if (span_equal_nocase(span_slice(text, i, i + len), SPAN(TENANT_TEMPLATE)))
			return i;
	return text.len;
}

static bool
has_template(const char *text)
{
	return find_template(span_of(text)) < strlen(text);
}

/* Is `issuer` the pattern, with `tenant` in the place of {tenantid}? */
static bool
fits(struct span pattern, struct span tenant, struct span issuer)
{
	size_t at = find_template(pattern);
	struct span rest;

	if (at == pattern.len)
		return span_equal(pattern, issuer);
	rest = span_slice(pattern, at + sizeof(TENANT_TEMPLATE) - 1, pattern.len);
	return issuer.len == at + tenant.len + rest.len &&
	       span_starts(issuer, span_slice(pattern, 0, at)) &&
	       span_equal(span_slice(issuer, at, at + tenant.len), tenant) &&
	       span_ends(issuer, rest);
}

static bool
fits_listed(const struct trusted_issuer *trusted_issuer, const char *pattern, struct span issuer)
{
	if (span_is(issuer, pattern))
		return !has_template(pattern);
	if (!has_template(pattern))
		return false;
	for (size_t i = 0; i < trusted_issuer->tenants.count; i++)
		if (fits(span_of(pattern), span_of(trusted_issuer->tenants.at[i]), issuer))
			return true;
	return false;
}

bool
issuer_match(const struct trusted_issuer *trusted_issuer, struct span issuer)
{
	if (trusted_issuer->issuer == NULL || issuer.at == NULL)
		return false;
	if (fits_listed(trusted_issuer, trusted_issuer->issuer, issuer))
		return true;
	for (size_t i = 0; i < trusted_issuer->aliases.count; i++)
		if (fits_listed(trusted_issuer, trusted_issuer->aliases.at[i], issuer))
			return true;
	return false;
}

size_t
issuer_match_exact(const struct trusted_issuer *trusted_issuers, size_t count, struct span issuer)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (trusted_issuers[i].issuer != NULL && span_is(issuer, trusted_issuers[i].issuer))
			break;
	return i;
}

size_t
issuer_match_find(const struct trusted_issuer *trusted_issuers, size_t count, struct span issuer)
{
	size_t i = issuer_match_exact(trusted_issuers, count, issuer);

	if (i < count && issuer_match(&trusted_issuers[i], issuer))
		return i;
	for (i = 0; i < count; i++)
		if (issuer_match(&trusted_issuers[i], issuer))
			break;
	return i;
}

/* The first segment of an issuer's path: Entra's tenant. */
static struct span
tenant_of(struct span issuer)
{
	size_t start = 0, slashes = 0;

	while (start < issuer.len && slashes < 3)
		slashes += issuer.at[start++] == '/';
	issuer = span_slice(issuer, start, issuer.len);
	return span_slice(issuer, 0, span_find(issuer, '/'));
}

/* Is `aud` Microsoft Graph, although the trusted issuer's `audience` does not list it? */
static bool
for_graph(const struct trusted_issuer *trusted_issuer, struct span aud)
{
	static const char *const names[] = { "00000003-0000-0000-c000-000000000000",
		"https://graph.microsoft.com", "https://graph.microsoft.com/" };
	bool graph = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		graph |= span_is(aud, names[i]);
	for (size_t i = 0; graph && i < trusted_issuer->audience.count; i++)
		graph = !span_is(aud, trusted_issuer->audience.at[i]);
	return graph && !trusted_issuer->any_audience;
}

enum reason
issuer_match_header(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	(void)arena;
	if (!inputs->trusted_issuer->entra)
		return REASON_OK;
	/* Graph signs a different header from the one it sends: one with the hash of this nonce. */
	if (json_member(token->header, "nonce") != NULL ||
	    for_graph(inputs->trusted_issuer, json_text(json_object_get(token->claims, "aud"))))
		return token_refuse(token, REASON_AUDIENCE_MISMATCH, GRAPH_HINT);
	return REASON_OK;
}

/* May the key sign for this issuer? Entra's version 2 keys also sign version 1 tokens, so the
 * issuer's aliases for the same tenant match too. */
static bool
key_signs(const struct trusted_issuer *trusted_issuer, struct span names, struct span tenant,
    struct span issuer)
{
	struct span own = span_of(trusted_issuer->issuer);

	if (fits(names, tenant, issuer))
		return true;
	for (size_t i = 0; i <= trusted_issuer->aliases.count; i++) {
		size_t at = find_template(names);

		if (i > 0)
			own = span_of(trusted_issuer->aliases.at[i - 1]);
		if (at == names.len ? fits(own, tenant, names)
				    : span_equal(own, names) || fits(names, tenant, own))
			return true;
	}
	return false;
}

enum reason
issuer_match_key(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	struct span tenant = tenant_of(token->issuer), names;
	const json_t *tid = json_member(token->claims, "tid");

	(void)arena;
	if (!inputs->trusted_issuer->entra)
		return REASON_OK;
	if (tid == NULL && inputs->trusted_issuer->tenants.count > 0)
		return token_refuse(token, REASON_CLAIM_REQUIRED_MISSING, "tid is missing");
	if (tid != NULL && (!tenant_is_id(json_text(tid)) || !span_equal(json_text(tid), tenant)))
		return token_refuse(token, REASON_ISSUER_UNKNOWN, "tid is not the tenant in iss");
	names = key_issuer(token->key);
	/* with keys of many tenants, a key without an issuer could belong to any of them */
	if (names.at == NULL && inputs->trusted_issuer->tenants.count > 0)
		return token_refuse(token, REASON_KEY_UNKNOWN,
		    "the key names no \"issuer\", which the keys of several tenants must");
	if (names.at == NULL || key_signs(inputs->trusted_issuer, names, tenant, token->issuer))
		return REASON_OK;
	return token_refuse(
	    token, REASON_KEY_UNKNOWN, "the key signs for another issuer (its \"issuer\")");
}

struct nearest
issuer_match_nearest(const struct trusted_issuer *trusted_issuers, size_t count, struct span typed)
{
	struct nearest nearest = nearest_to(typed);
	size_t same = issuer_match_exact(trusted_issuers, count, typed);

	for (size_t i = 0; i < count; i++) {
		const char *family = trusted_issuers[i].family;

		nearest_offer(&nearest, trusted_issuers[i].name);
		if (span_is(typed, "local_issuer") &&
		    strcmp(trusted_issuers[i].name, TRUSTED_ISSUER_LOCAL) == 0)
			same = i;
		if (same == count && family != NULL && span_is(typed, family))
			same = i;
	}
	if (same < count)
		nearest.word = trusted_issuers[same].name;
	return nearest;
}

/* The preset's other spellings. */
static void
add_aliases(struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	struct span issuer = span_of(trusted_issuer->issuer), tenant = tenant_of(issuer);
	struct texts *aliases = &trusted_issuer->aliases;
	const char *one = NULL;

	if (strcmp(trusted_issuer->provider, "google") == 0 &&
	    span_is(issuer, "https://accounts.google.com"))
		one = "accounts.google.com";
	else if (strcmp(trusted_issuer->provider, "oci") == 0 &&
		 span_is(issuer, "https://identity.oraclecloud.com/"))
		one = "https://identity.oraclecloud.com";
	else if (strcmp(trusted_issuer->provider, "oci") == 0 &&
		 span_is(issuer, "https://identity.oraclecloud.com"))
		one = "https://identity.oraclecloud.com/";
	else if (trusted_issuer->entra && span_starts(issuer, span_of(entra_v2)))
		one =
		    arena_format(mistakes->arena, "%s%.*s/", entra_v1, (int)tenant.len, tenant.at);
	else if (trusted_issuer->entra && span_starts(issuer, span_of(entra_v1)))
		one = arena_format(
		    mistakes->arena, "%s%.*s/v2.0", entra_v2, (int)tenant.len, tenant.at);
	if (one == NULL)
		return;
	aliases->at = arena_array(mistakes->arena, 1, sizeof(char *));
	if (aliases->at == NULL)
		return;
	aliases->at[0] = one;
	aliases->count = 1;
}

static void
check_issuer(
    const struct node *map, const struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	const struct node *node = document_get(map, "issuer");
	const char *odd =
	    issuer_lint(trusted_issuer->provider, span_of(trusted_issuer->issuer), mistakes->arena);

	if (node != NULL && odd != NULL)
		mistake_by(mistakes, mistake_place_at_key(node, MISTAKE_ISSUER_UNNAMED), "%s", odd);
}

static void
check_tenants(
    const struct node *map, const struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	bool template = has_template(trusted_issuer->issuer);

	for (size_t i = 0; i < trusted_issuer->aliases.count; i++)
		template |= has_template(trusted_issuer->aliases.at[i]);
	if (template && !trusted_issuer->entra)
		mistake_at_key(mistakes, map, "{tenantid} is for \"provider: entra\" only");
	if (template && trusted_issuer->tenants.count == 0)
		mistake_at_key(mistakes, map,
		    "{tenantid} needs \"tenants\": without a list, every tenant of Entra could "
		    "call");
	if (!template && trusted_issuer->tenants.node != NULL)
		mistake_at_key(mistakes, trusted_issuer->tenants.node,
		    "is for an \"issuer\" with {tenantid} only");
	for (size_t i = 0; i < trusted_issuer->tenants.count; i++)
		if (!tenant_is_id(span_of(trusted_issuer->tenants.at[i])))
			mistake_at_key(mistakes, trusted_issuer->tenants.node,
			    "\"%.64s\" is not a tenant id (a GUID in lower case)",
			    trusted_issuer->tenants.at[i]);
}

/* https://HOST or https://HOST/: the organisation's own server, whose keys are not published. */
static bool
is_okta_org(const struct trusted_issuer *trusted_issuer)
{
	return strcmp(trusted_issuer->provider, "okta") == 0 &&
	       span_starts(span_of(trusted_issuer->issuer), SPAN("https://")) &&
	       tenant_of(span_of(trusted_issuer->issuer)).len == 0;
}

void
issuer_match_read(
    const struct node *map, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	if (trusted_issuer->issuer == NULL)
		return;
	trusted_issuer->entra = strcmp(trusted_issuer->provider, "entra") == 0;
	if (trusted_issuer->aliases.node == NULL)
		add_aliases(trusted_issuer, mistakes);
	check_tenants(map, trusted_issuer, mistakes);
	check_issuer(map, trusted_issuer, mistakes);
	if (is_okta_org(trusted_issuer))
		mistake_at(mistakes, document_get(map, "issuer"),
		    "is Okta's org authorization server, whose tokens only Okta can verify: use a "
		    "custom one (https://HOST/oauth2/default)");
}

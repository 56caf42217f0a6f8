/* SPDX-License-Identifier: Apache-2.0 */
#include "token/provider.h"

#include <string.h>

#include "base/span.h"

#define POINTERS_MAX 3

/* JSON Pointers; the first NULL ends a list. */
struct preset {
	const char *subject[POINTERS_MAX];
	const char *client[POINTERS_MAX];
	const char *scopes[POINTERS_MAX];
	const char *groups[POINTERS_MAX];
	const char *roles[POINTERS_MAX];
	const char *types[POINTERS_MAX];
	algorithm_set algorithms; /* 0: all */
	const char *require;      /* pointer of a condition; NULL: none */
	const char *when;         /* only with a condition on this; NULL: always */
	const char *values[POINTERS_MAX];
	bool workload; /* its tokens come with a workload: nobody can ask for one */
};

#define RS256 ALGORITHM_BIT(ALGORITHM_RS256)
#define ANY_TYPE { "at+jwt", "JWT" }
#define ID_TYPE { "JWT" }

/* clang-format off */
const char *const provider_words[] = {
	"okta", "entra", "keycloak", "auth0", "cognito", "google", "ping", "oci", "gitlab",
	"github", "kubernetes", PROVIDER_GENERIC, NULL
};

const struct field_alias provider_aliases[] = {
	{ "azure", "entra" }, { "azuread", "entra" }, { "azure_ad", "entra" }, { "azure-ad", "entra" },
	{ "aad", "entra" }, { "microsoft", "entra" }, { "entraid", "entra" }, { "entra_id", "entra" },
	{ "entra-id", "entra" }, { "aws", "cognito" }, { "amazon", "cognito" },
	{ "aws_cognito", "cognito" }, { "aws-cognito", "cognito" }, { "gcp", "google" },
	{ "gsuite", "google" }, { "oracle", "oci" }, { "idcs", "oci" }, { "k8s", "kubernetes" },
	{ "github_actions", "github" }, { "github-actions", "github" }, { "gitlab_ci", "gitlab" },
	{ "gitlab-ci", "gitlab" }, { "rhsso", "keycloak" }, { "redhat", "keycloak" },
	{ "pingone", "ping" }, { "pingfederate", "ping" }, { "oidc", PROVIDER_GENERIC },
	{ "openid", PROVIDER_GENERIC }, { "custom", PROVIDER_GENERIC }, { "other", PROVIDER_GENERIC },
	{ NULL, NULL }
};

/* In the order of provider_words. Tokens of workloads (gitlab, github, kubernetes) carry no scopes
 * or roles: the policy has conditions on their claims instead. The table is never written to; it is
 * not const only because struct texts is not. */
static struct preset presets[] = {
	/* okta */
	{ .subject = { "/sub" }, .client = { "/cid" }, .scopes = { "/scp" },
	  .groups = { "/groups", "/Groups" }, .roles = { "/roles" },
	  .types = ANY_TYPE, .algorithms = RS256 },
	/* entra */
	{ .subject = { "/sub" }, .client = { "/azp", "/appid" }, .scopes = { "/scp" },
	  .groups = { "/groups" }, .roles = { "/roles" },
	  .types = ID_TYPE, .algorithms = RS256 },
	/* keycloak */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/realm_access/roles", "/roles" },
	  .types = ANY_TYPE, .require = "/typ", .values = { "Bearer", "DPoP" } },
	/* auth0 */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/permissions", "/roles" },
	  .types = ANY_TYPE, .algorithms = RS256 | ALGORITHM_BIT(ALGORITHM_PS256) },
	/* cognito */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/cognito:groups" },
	  .types = ANY_TYPE, .algorithms = RS256, .require = "/token_use",
	  .values = { "access" } },
	/* google */
	{ .subject = { "/sub" }, .client = { "/azp" },
	  .types = ID_TYPE, .algorithms = RS256, .require = "/email_verified", .when = "/email",
	  .values = { "true" } },
	/* ping */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/roles" },
	  .types = ANY_TYPE },
	/* oci */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/roles" },
	  .types = ANY_TYPE, .algorithms = RS256, .require = "/tok_type", .values = { "AT" } },
	/* gitlab */
	{ .subject = { "/sub" },
	  .types = ID_TYPE, .algorithms = RS256, .workload = true },
	/* github */
	{ .subject = { "/sub" },
	  .types = ID_TYPE, .algorithms = RS256, .workload = true },
	/* kubernetes */
	{ .subject = { "/sub" },
	  .types = ID_TYPE, .algorithms = RS256 | ALGORITHM_BIT(ALGORITHM_ES256), .workload = true },
	/* generic */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id", "/cid" },
	  .scopes = { "/scope", "/scp" }, .groups = { "/groups" }, .roles = { "/roles" },
	  .types = ANY_TYPE },
};
/* clang-format on */

_Static_assert(
    sizeof(presets) / sizeof(presets[0]) + 1 == sizeof(provider_words) / sizeof(provider_words[0]),
    "a preset for each word");

static void
fill_in(struct texts *texts, const char *pointers[POINTERS_MAX])
{
	if (texts->node != NULL)
		return;
	texts->at = pointers;
	texts->count = 0;
	while (texts->count < POINTERS_MAX && pointers[texts->count] != NULL)
		texts->count++;
}

void
provider_claims(int provider, struct trusted_issuer_claims *claims)
{
	struct preset *preset = &presets[provider];

	fill_in(&claims->subject, preset->subject);
	fill_in(&claims->client, preset->client);
	fill_in(&claims->scopes, preset->scopes);
	fill_in(&claims->groups, preset->groups);
	fill_in(&claims->roles, preset->roles);
}

void
provider_types(int provider, struct texts *types)
{
	fill_in(types, presets[provider].types);
}

algorithm_set
provider_algorithms(int provider)
{
	return presets[provider].algorithms == 0 ? ALGORITHM_ALL : presets[provider].algorithms;
}

bool
provider_workload(const struct trusted_issuer *trusted_issuer)
{
	return presets[provider_find(trusted_issuer->provider)].workload;
}

static struct trusted_issuer_require *
find_require(const struct trusted_issuer *trusted_issuer, const char *pointer)
{
	struct trusted_issuer_require *require = trusted_issuer->require;

	while (require != NULL && strcmp(require->pointer, pointer) != 0)
		require = require->next;
	return require;
}

bool
provider_require(int provider, struct trusted_issuer *trusted_issuer, struct arena *arena)
{
	struct preset *preset = &presets[provider];
	struct trusted_issuer_require *require;

	if (preset->require == NULL || find_require(trusted_issuer, preset->require) != NULL ||
	    (preset->when != NULL && find_require(trusted_issuer, preset->when) == NULL))
		return true;
	require = arena_alloc(arena, sizeof(*require));
	if (require == NULL)
		return false;
	*require = (struct trusted_issuer_require){ .pointer = preset->require,
		.next = trusted_issuer->require };
	fill_in(&require->values, preset->values);
	trusted_issuer->require = require;
	return true;
}

#define SHARED_MAX 6

/* Issuers that sign for all their customers, and the claims that identify the customer. They count
 * as shared whatever the value of `provider`. */
static const struct shared {
	const char *issuer;
	const char *pointers[SHARED_MAX];
	const char *help;
} shared[] = {
	{ "https://accounts.google.com", { "/hd", "/email", "/sub" }, "/hd, /email or /sub" },
	{ "https://token.actions.githubusercontent.com",
	    { "/repository", "/repository_id", "/repository_owner", "/repository_owner_id",
		"/sub" },
	    "/repository, /repository_id, /repository_owner, /repository_owner_id or /sub" },
	{ "https://gitlab.com",
	    { "/project_id", "/project_path", "/namespace_id", "/namespace_path", "/sub" },
	    "/project_id, /project_path, /namespace_id, /namespace_path or /sub" },
	{ "https://identity.oraclecloud.com",
	    { "/user_tenantname", "/client_tenantname", "/domain_id" },
	    "/user_tenantname, /client_tenantname or /domain_id" },
};

/* With or without scheme and last slash. */
static bool
same_issuer(struct span issuer, const char *known)
{
	struct span bare = span_of(known);
	struct span scheme = SPAN("https://");

	if (span_ends(issuer, SPAN("/")))
		issuer.len--;
	return span_equal_nocase(issuer, bare) ||
	       span_equal_nocase(issuer, span_slice(bare, scheme.len, bare.len));
}

static const char *
unmet(const struct shared *row, const struct trusted_issuer *trusted_issuer)
{
	for (size_t i = 0; i < SHARED_MAX && row->pointers[i] != NULL; i++) {
		const struct trusted_issuer_require *require =
		    find_require(trusted_issuer, row->pointers[i]);

		if (require != NULL && require->values.count > 0)
			return NULL;
	}
	return row->help;
}

static const struct shared *
shared_row(const struct trusted_issuer *trusted_issuer)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (same_issuer(span_of(trusted_issuer->issuer), shared[i].issuer))
			return &shared[i];
		for (size_t a = 0; a < trusted_issuer->aliases.count; a++)
			if (same_issuer(span_of(trusted_issuer->aliases.at[a]), shared[i].issuer))
				return &shared[i];
	}
	return NULL;
}

const char *
provider_shared(const struct trusted_issuer *trusted_issuer)
{
	const struct shared *row =
	    trusted_issuer->issuer == NULL ? NULL : shared_row(trusted_issuer);

	return row == NULL ? NULL : unmet(row, trusted_issuer);
}

int
provider_find(const char *word)
{
	int provider = 0;

	while (
	    provider_words[provider] != NULL && !span_is(span_of(word), provider_words[provider]))
		provider++;
	return provider;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "token/provider.h"

#include "base/span.h"

#define POINTERS_MOST 3

/* JSON Pointers; the first NULL ends a list. */
struct preset {
	const char *subject[POINTERS_MOST];
	const char *client[POINTERS_MOST];
	const char *scopes[POINTERS_MOST];
	const char *groups[POINTERS_MOST];
	const char *roles[POINTERS_MOST];
};

/* clang-format off */
const char *const provider_words[] = {
	"okta", "entra", "keycloak", "auth0", "cognito", "google", "ping", "oci", "gitlab",
	"github", "kubernetes", PROVIDER_GENERIC, NULL
};

/* In the order of provider_words. Tokens of workloads (gitlab, github, kubernetes) carry no
 * scopes or roles: their claims are conditions of the policy. Nobody writes to the table; it is
 * not const because struct texts is not. */
static struct preset presets[] = {
	/* okta */
	{ .subject = { "/sub" }, .client = { "/cid" }, .scopes = { "/scp" },
	  .groups = { "/groups", "/Groups" }, .roles = { "/roles" } },
	/* entra */
	{ .subject = { "/sub" }, .client = { "/azp", "/appid" }, .scopes = { "/scp" },
	  .groups = { "/groups" }, .roles = { "/roles" } },
	/* keycloak */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/realm_access/roles", "/roles" } },
	/* auth0 */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/permissions", "/roles" } },
	/* cognito */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/cognito:groups" } },
	/* google */
	{ .subject = { "/sub" }, .client = { "/azp" } },
	/* ping */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/roles" } },
	/* oci */
	{ .subject = { "/sub" }, .client = { "/client_id" }, .scopes = { "/scope" },
	  .groups = { "/groups" }, .roles = { "/roles" } },
	/* gitlab */
	{ .subject = { "/sub" } },
	/* github */
	{ .subject = { "/sub" } },
	/* kubernetes */
	{ .subject = { "/sub" } },
	/* generic */
	{ .subject = { "/sub" }, .client = { "/azp", "/client_id", "/cid" },
	  .scopes = { "/scope", "/scp" }, .groups = { "/groups" }, .roles = { "/roles" } },
};
/* clang-format on */

_Static_assert(
    sizeof(presets) / sizeof(presets[0]) + 1 == sizeof(provider_words) / sizeof(provider_words[0]),
    "a preset for each word");

static void
fill_in(struct texts *texts, const char *pointers[POINTERS_MOST])
{
	if (texts->node != NULL)
		return;
	texts->at = pointers;
	texts->count = 0;
	while (texts->count < POINTERS_MOST && pointers[texts->count] != NULL)
		texts->count++;
}

void
provider_claims(int provider, struct profile_claims *claims)
{
	struct preset *preset = &presets[provider];

	fill_in(&claims->subject, preset->subject);
	fill_in(&claims->client, preset->client);
	fill_in(&claims->scopes, preset->scopes);
	fill_in(&claims->groups, preset->groups);
	fill_in(&claims->roles, preset->roles);
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

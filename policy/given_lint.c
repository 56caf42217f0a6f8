/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/given_lint.h"

#include <string.h>

enum given { GIVEN_SCOPES, GIVEN_GROUPS, GIVEN_ROLES };

static const char *const keys[] = { "scope", "group", "role" };
static const char *const claims[] = { "scopes", "groups", "roles" };

static bool
gives(const struct trusted_issuer *issuer, enum given what)
{
	switch (what) {
	case GIVEN_SCOPES:
		return issuer->claims.scopes.count > 0;
	case GIVEN_GROUPS:
		return issuer->claims.groups.count > 0;
	default:
		return issuer->claims.roles.count > 0;
	}
}

static bool
is_local(const struct policy_names *names, const char *issuer)
{
	return names->local_issuer != NULL && strcmp(issuer, names->local_issuer) == 0;
}

/* Has that issuer, one of its tenants, or any issuer (NULL), a claim for it? The local one has
 * scopes. */
static bool
somebody_gives(const struct policy_names *names, const char *issuer, enum given what)
{
	bool local = names->local_issuer != NULL && (issuer == NULL || is_local(names, issuer));

	for (size_t i = 0; i < names->trusted_issuer_count; i++)
		if ((issuer == NULL || trusted_issuer_is(&names->trusted_issuers[i], issuer)) &&
		    gives(&names->trusted_issuers[i], what))
			return true;
	return local;
}

static void
lint_one(struct reader *reader, const struct grant *grant, enum given what)
{
	const struct node *node = document_get(grant->node, keys[what]);
	struct mistake_place place = mistake_place_at_key(node, MISTAKE_CLAIM_UNGIVEN);

	if (node == NULL || reader->names->trusted_issuer_count == 0 ||
	    somebody_gives(reader->names, grant->issuer, what))
		return;
	if (grant->issuer == NULL)
		mistake_by(reader->mistakes, place,
		    "can never match: no issuer has a claim for %s; name it with claims: "
		    "{%s: /NAME} of an issuer",
		    claims[what], claims[what]);
	else
		mistake_by(reader->mistakes, place,
		    "can never match: issuer \"%s\" has no claim for %s; name it with its "
		    "claims: {%s: /NAME}",
		    grant->issuer, claims[what], claims[what]);
}

/* Is that issuer the local one, or (NULL) is there no other? */
static bool
only_local(const struct policy_names *names, const char *issuer)
{
	if (names->local_issuer == NULL || issuer != NULL)
		return issuer != NULL && is_local(names, issuer);
	for (size_t i = 0; i < names->trusted_issuer_count; i++)
		if (!is_local(names, names->trusted_issuers[i].name))
			return false;
	return true;
}

/* What the local issuer adds for a client is a text at the top, and no name by which others say who
 * the caller is or what it may. */
static void
lint_claim(struct reader *reader, const struct node *node, const char *issuer)
{
	static const char *const never[] = { "/groups", "/roles", "/permissions", "/entitlements",
		"/scp", "/azp", "/cnf", "/act" };
	const char *pointer = node == NULL ? "" : node->text.at;
	bool given = pointer[0] != '/' || strchr(pointer + 1, '/') == NULL;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		given = given && strcmp(pointer, never[i]) != 0;
	if (!given && only_local(reader->names, issuer))
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_CLAIM_UNGIVEN),
		    "can never match: tokens of the local issuer have no such claim; they have "
		    "scope, client_id, and what `postern client add --claim NAME=VALUE` gives, as "
		    "/NAME");
}

static void
lint_privilege(struct reader *reader, const struct privilege *privilege)
{
	const struct node *node = document_get(privilege->node, "scopes");

	for (const struct match *match = privilege->matches; match != NULL; match = match->next)
		lint_claim(reader, match->node, NULL);
	if (privilege->scopes.count > 0 && reader->names->trusted_issuer_count > 0 &&
	    !somebody_gives(reader->names, NULL, GIVEN_SCOPES))
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_CLAIM_UNGIVEN),
		    "can never be had: no issuer has a claim for scopes; name it with claims: "
		    "{scopes: /NAME} of an issuer");
}

void
given_lint(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (size_t i = 0; i < policy->role_count; i++)
		for (const struct grant *grant = policy->roles[i].grants; grant != NULL;
		    grant = grant->next) {
			for (int what = GIVEN_SCOPES; what <= GIVEN_ROLES; what++)
				lint_one(reader, grant, (enum given)what);
			lint_claim(reader, document_get(grant->node, "claim"), grant->issuer);
		}
	for (const struct privilege *one = policy->privileges; one != NULL; one = one->next)
		lint_privilege(reader, one);
}

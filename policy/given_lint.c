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

/* Has an issuer that the line is about a claim for it? The local one has scopes. */
static bool
somebody_gives(const struct policy_names *names, const struct grant *grant, enum given what)
{
	bool local = names->local_issuer != NULL &&
		     (grant->issuer == NULL || strcmp(grant->issuer, names->local_issuer) == 0);

	for (size_t i = 0; i < names->trusted_issuer_count; i++)
		if ((grant->issuer == NULL ||
			strcmp(grant->issuer, names->trusted_issuers[i].name) == 0) &&
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
	    somebody_gives(reader->names, grant, what))
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

void
given_lint(struct reader *reader)
{
	for (size_t i = 0; i < reader->policy->role_count; i++)
		for (const struct grant *grant = reader->policy->roles[i].grants; grant != NULL;
		    grant = grant->next)
			for (int what = GIVEN_SCOPES; what <= GIVEN_ROLES; what++)
				lint_one(reader, grant, (enum given)what);
}

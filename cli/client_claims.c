/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_claims.h"

#include "cli/command.h"
#include "issuer/model/client_claim.h"

/* Does the pointer (RFC 6901) lead to that member, or into it? */
static bool
leads_into(const char *pointer, struct span name)
{
	struct span rest = span_slice(span_of(pointer), 1, strlen(pointer));

	for (size_t i = 0; i < name.len; i++) {
		struct span byte = span_slice(name, i, i + 1);

		if (byte.at[0] == '~')
			byte = SPAN("~0");
		else if (byte.at[0] == '/')
			byte = SPAN("~1");
		if (!span_starts(rest, byte))
			return false;
		rest = span_slice(rest, byte.len, rest.len);
	}
	return rest.len == 0 || rest.at[0] == '/';
}

static bool
reads(const struct texts *pointers, struct span name)
{
	for (size_t i = 0; i < pointers->count; i++)
		if (pointers->at[i][0] == '/' && leads_into(pointers->at[i], name))
			return true;
	return false;
}

static bool
issuer_reads(const struct trusted_issuer *issuer, struct span name)
{
	const struct trusted_issuer_claims *claims = &issuer->claims;

	return reads(&claims->subject, name) || reads(&claims->client, name) ||
	       reads(&claims->scopes, name) || reads(&claims->groups, name) ||
	       reads(&claims->roles, name);
}

bool
client_claims_free(const struct place *place, const struct texts *claims)
{
	const struct config *config = place->config;

	for (size_t i = 0; config != NULL && i < claims->count; i++) {
		struct span name = client_claim_name(span_of(claims->at[i]));

		for (size_t k = 0; k < config->trusted_issuer_count; k++) {
			if (!issuer_reads(&config->trusted_issuers[k], name))
				continue;
			(void)command_trouble(
			    "%s: claim \"%.*s\": the claims of issuer %s are read "
			    "from there",
			    place->command, SPAN_ARG(name), config->trusted_issuers[k].name);
			return false;
		}
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_why.h"

#include "proxy/gate/assume.h"
#include "issuer/model/client.h"
#include "issuer/model/user.h"
#include "token/token.h"

/* The claims of the token, which was verified already; of the decision only its caller is left. */
static bool
read_claims(const struct explain_why *why, struct token *token, struct claims *claims)
{
	struct assume_token assumed = { why->payload, why->decision->caller->issuer_index,
		judge_audiences(why->decision), why->arena };
	const char *detail;

	if (assumed.payload == NULL) {
		if (token_read(why->decision->credentials.value, why->arena, token) != REASON_OK)
			return false;
		assumed.payload = token->claims;
	}
	return assume_claims(why->inputs, &assumed, claims, &detail) == REASON_OK;
}

/* The client or user of the local issuer. */
static struct principal_store
store_of(const struct explain_why *why, const struct principal *principal)
{
	const struct snapshot *snapshot = why->inputs->snapshot;
	struct principal_store store = { principal->client_name, principal->user, { 0 } };
	const struct client *client =
	    principal->client_name == NULL ? NULL : snapshot_client(snapshot, principal->client);

	if (client != NULL)
		store.roles = client->roles;
	return store;
}

static bool
find_lines(const struct explain_why *why, struct why_line **ret_first)
{
	const struct decision *decision = why->decision;
	const struct principal *principal = &decision->caller->principal;
	struct principal_store store = store_of(why, principal);
	struct principal_inputs inputs = { .store = &store,
		.certificate = judge_subject(why->inputs),
		.peer = why->inputs->peer };
	struct why_question question = { &why->inputs->config->policy, decision->route.privilege,
		&inputs };
	struct token token = { 0 };
	struct claims claims = { 0 };
	bool done;

	if (principal->issuer != NULL && read_claims(why, &token, &claims))
		inputs.claims = &claims;
	done = why_lines(&question, why->arena, ret_first);
	token_done(&token);
	return done;
}

bool
explain_why(const struct explain_why *why, const struct why_line **ret_first)
{
	const struct decision *decision = why->decision;
	struct why_line *first = NULL;

	if (decision->caller != NULL && decision->target.path.at != NULL &&
	    decision->route.privilege != NULL && !find_lines(why, &first))
		return false;
	*ret_first = first;
	return true;
}

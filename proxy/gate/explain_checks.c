/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_checks.h"

#include "token/token.h"

/* Did it come to the token? */
static bool
was_looked_at(const struct decision *decision)
{
	const struct route_match *route = &decision->route;

	return decision->target.path.at != NULL && !route->public &&
	       (route->reason == REASON_OK || route->reason == REASON_METHOD_NOT_GRANTED);
}

bool
explain_checks(const struct explain_checks *checks, const struct step **ret_first)
{
	const struct judge_inputs *inputs = checks->inputs;
	const struct decision *decision = checks->decision;
	struct token token = { 0 };
	struct steps_question asked = { .token = &token,
		.audiences = judge_audiences(decision),
		.assumed = checks->payload != NULL,
		.now_s = inputs->now_s,
		.reason = decision->verdict.reason,
		.detail = decision->verdict.detail };
	const struct step *first = NULL;
	bool readable, done = true;

	if (decision->issuer_index >= inputs->config->trusted_issuer_count ||
	    !was_looked_at(decision))
		return true;
	asked.trusted_issuer = &inputs->config->trusted_issuers[decision->issuer_index];
	if (asked.assumed) {
		token.claims = json_incref(checks->payload);
		token.issuer = json_text(json_object_get(checks->payload, "iss"));
		readable = true;
	} else {
		readable =
		    token_read(decision->credentials.value, checks->arena, &token) == REASON_OK;
	}
	if (readable)
		done = steps_of(&asked, checks->arena, &first);
	token_done(&token);
	if (done)
		*ret_first = first;
	return done;
}

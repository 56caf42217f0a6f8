/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_refusal.h"

#include <stdlib.h>

#include "policy/explain.h"
#include "proxy/gate/explain_why.h"
#include "proxy/gate/recent.h"

/* "DETAIL; policy.yaml:4 (role reader) fails on scope" */
static void
add_line(struct transaction *transaction, const struct why_line *line)
{
	while (line != NULL && line->failed == GRANT_HOLDS)
		line = line->next;
	if (line == NULL || transaction->detail == NULL)
		return;
	transaction->log_detail =
	    arena_format(transaction->arena, "%s; %s:%d (role %s) fails on %s", transaction->detail,
		line->file, line->line, line->role, grant_condition_key(line->failed));
}

static char *
make_whole(const struct explanation *explanation)
{
	json_t *said = explain_json(explanation);
	char *text = json_dumps(said, JSON_COMPACT);

	json_decref(said);
	if (text != NULL && strlen(text) > RECENT_WHOLE_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

void
explain_refusal(struct transaction *transaction, const struct decision *decision, bool whole)
{
	struct judge_inputs inputs;
	struct explain_why why = { &inputs, decision, NULL, transaction->arena };
	struct explanation explanation = { .method = transaction->request->method,
		.path = decision->target.path,
		.route = &decision->route,
		.verdict = &decision->verdict,
		.reason = transaction->reason,
		.detail = transaction->detail };

	if (decision->caller == NULL || decision->route.privilege == NULL ||
	    (transaction->reason != REASON_PRIVILEGE_MISSING &&
		transaction->reason != REASON_SCOPE_MISSING &&
		transaction->reason != REASON_CLAIM_MISMATCH &&
		transaction->reason != REASON_GROUPS_OVERAGE))
		return;
	inputs = transaction_inputs(transaction);
	if (!explain_why(&why, &explanation.why))
		return;
	add_line(transaction, explanation.why);
	explanation.policy = &inputs.config->policy;
	explanation.principal = &decision->caller->principal;
	explanation.certificate = judge_subject(&inputs);
	if (whole)
		transaction->why = make_whole(&explanation);
}

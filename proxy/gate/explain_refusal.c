/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_refusal.h"

#include <stdlib.h>

#include "policy/explain.h"
#include "proxy/gate/explain_revoked.h"
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

/* So much of it is kept, or nothing. NULL: it is more, or there is no memory. */
static char *
kept(const struct buffer *text)
{
	return text->failed ? NULL : strdup(text->at);
}

/* A caller who is known and lacks something. */
static void
explain_lacking(struct transaction *transaction, const struct decision *decision, bool whole)
{
	struct judge_inputs inputs;
	struct explain_why why = { &inputs, decision, NULL, transaction->arena };
	struct explanation explanation = { .method = transaction->request->method,
		.path = decision->target.path,
		.route = &decision->route,
		.verdict = &decision->verdict,
		.reason = transaction->reason,
		.detail = transaction->detail };
	struct buffer text;

	if (decision->caller == NULL || decision->route.privilege == NULL)
		return;
	inputs = transaction_inputs(transaction);
	if (!explain_why(&why, &explanation.why))
		return;
	add_line(transaction, explanation.why);
	explanation.policy = &inputs.config->policy;
	explanation.principal = &decision->caller->principal;
	explanation.certificate = judge_subject(&inputs);
	if (!whole)
		return;
	buffer_init(&text, RECENT_WHOLE_MAX);
	explain_write(&explanation, &text);
	transaction->why = kept(&text);
	buffer_done(&text);
}

/* What the revocation is found by. */
static void
explain_revocation(struct transaction *transaction, const struct decision *decision)
{
	json_t *said = explain_revoked_keep(&decision->revoked);

	transaction->why = json_dumps(said, JSON_COMPACT);
	json_decref(said);
}

/* Clients do not learn which it is; the operator does. A name that nobody has is not told: it may
 * be a password in the wrong field. */
static void
explain_password(struct transaction *transaction, const struct decision *decision)
{
	const struct user *user = snapshot_user(transaction->snapshot, decision->attempt.name);

	if (user == NULL)
		transaction->log_detail = "there is no such user";
	else
		transaction->log_detail = arena_format(transaction->arena,
		    user->disabled ? "user %s is disabled" : "the password of user %s is wrong",
		    user->name);
}

void
explain_refusal(struct transaction *transaction, const struct decision *decision, bool whole)
{
	switch (transaction->reason) {
	case REASON_PRIVILEGE_MISSING:
	case REASON_SCOPE_MISSING:
	case REASON_CLAIM_MISMATCH:
	case REASON_GROUPS_OVERAGE:
		explain_lacking(transaction, decision, whole);
		break;
	case REASON_TOKEN_REVOKED:
		if (whole)
			explain_revocation(transaction, decision);
		break;
	case REASON_BASIC_WRONG:
		explain_password(transaction, decision);
		break;
	case REASON_LOCKED_OUT:
		transaction->log_detail = arena_format(transaction->arena,
		    "locked for %lld s: too many wrong passwords for this name, or from this "
		    "address",
		    (long long)transaction->wait_s);
		break;
	default:
		break;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/identify.h"

#include "proxy/gate/token_digest.h"

/* A token that was verified before is found in the cache by its digest, unless something that the
 * decision depends on has changed. */
enum reason
identify_bearer(struct gate *gate, const struct judge_inputs *inputs, struct arena *arena,
    struct decision *decision)
{
	struct cache_key key =
	    cache_key_for(inputs->snapshot->serial, inputs->certificate, inputs->peer);
	struct caller *caller = NULL;
	enum reason reason;

	key.audiences = judge_audiences(decision);
	if (!token_digest(decision->credentials.value, key.digest))
		return decision->verdict.reason = REASON_OVERLOADED;
	decision->caller = cache_find(gate->cache, &key, inputs->now_s, arena);
	/* Keys can become stale without a new snapshot. A cached caller must not outlive the keys
	 * that verified its token. */
	if (decision->caller != NULL &&
	    snapshot_keys(inputs->snapshot, decision->caller->issuer_index, inputs->mono_s) !=
		NULL) {
		decision->issuer_index = decision->caller->issuer_index;
		return REASON_OK;
	}
	decision->caller = NULL;
	reason = judge_bearer(inputs, arena, decision, &caller);
	if (reason != REASON_OK)
		return reason;
	decision->caller = caller;
	cache_put(gate->cache, &key, caller, inputs->now_s);
	return REASON_OK;
}

/* A password to be checked. */
struct password_check {
	struct issuer *issuer;
	const struct login_attempt *attempt;
	struct login_outcome outcome;
	enum login_found found;
};

/* It is hashed, which is slow, and perhaps hashed anew and stored. */
static void
check_password(void *context)
{
	struct password_check *check = context;

	check->outcome.shared = true;
	check->found = login_check(issuer_login(check->issuer), check->attempt, &check->outcome);
	if (check->found == LOGIN_RIGHT && !check->outcome.shared)
		issuer_rehash(check->issuer, check->attempt);
}

/* Check a password that is not in the password cache. On REASON_OK the password is right and
 * decision->right_hash is set. */
static enum reason
ask_password(struct transaction *transaction, struct decision *decision)
{
	const struct login_attempt *attempt = &decision->attempt;
	struct password_check check = { .issuer = transaction->snapshot->services->issuer,
		.attempt = attempt };
	struct login_outcome outcome;
	enum login_found found;

	if (!transaction_offload(transaction, check_password, &check))
		return REASON_CLIENT_GONE;
	outcome = check.outcome;
	found = check.found;
	transaction->wait_s = outcome.wait_s;
	if (found == LOGIN_WRONG && outcome.wait_s > 0 && !outcome.shared)
		transaction_tell_lockout(transaction, attempt);
	decision->unasked = false;
	if (found == LOGIN_LOCKED)
		return REASON_LOCKED_OUT;
	if (found == LOGIN_BUSY)
		return REASON_OVERLOADED;
	if (found == LOGIN_WRONG)
		return REASON_BASIC_WRONG;
	decision->right_hash = attempt->hash;
	return REASON_OK;
}

/* Find the user of a name and password. The cache is used only while nobody is locked out. */
static enum reason
know_user(struct gate *gate, const struct judge_inputs *inputs, struct transaction *transaction,
    struct decision *decision)
{
	struct cache_key key =
	    cache_key_for(inputs->snapshot->serial, inputs->certificate, inputs->peer);
	struct caller *caller = NULL;
	enum reason reason =
	    judge_attempt(inputs, transaction->request, transaction->arena, decision);

	if (reason != REASON_OK)
		return reason;
	memcpy(key.digest, decision->attempt.digest, DIGEST_BYTES);
	if (login_quiet(inputs->snapshot->login, inputs->mono_s))
		decision->caller = cache_find(gate->cache, &key, inputs->now_s, transaction->arena);
	if (decision->caller != NULL)
		return REASON_OK;
	reason = judge_basic(inputs, transaction->arena, decision, &caller);
	if (decision->unasked) {
		reason = ask_password(transaction, decision);
		if (reason == REASON_OK)
			reason = judge_basic(inputs, transaction->arena, decision, &caller);
	}
	if (reason != REASON_OK)
		return reason;
	decision->caller = caller;
	cache_put(gate->cache, &key, caller, inputs->now_s);
	return REASON_OK;
}

enum reason
identify_caller(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct identify *identify = context;

	if (decision->credentials.scheme == CREDENTIALS_BEARER)
		return identify_bearer(
		    identify->gate, inputs, identify->transaction->arena, decision);
	if (decision->credentials.scheme == CREDENTIALS_BASIC)
		return know_user(identify->gate, inputs, identify->transaction, decision);
	return judge_certificate(inputs, identify->transaction->arena, decision);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/lease.h"

#include "base/clock.h"
#include "issuer/model/user.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/identify.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/snapshot.h"
#include "proxy/gate/transaction.h"

/* Memory to judge once. */
#define ARENA_BYTES (1u << 20)

/* A token counts until its end; what counts without one has no end of its own. */
static int64_t
end_of(const struct decision *decision)
{
	return decision->caller != NULL && decision->credentials.scheme == CREDENTIALS_BEARER
		   ? decision->caller->until_s
		   : INT64_MAX;
}

static void
remember_user(struct transaction *transaction, struct span name)
{
	const struct user *user = snapshot_user(transaction->snapshot, name);
	struct lease *lease = &transaction->lease;

	lease->user = SPAN("");
	if (user == NULL)
		return;
	lease->user = span_of(arena_text(transaction->arena, name));
	lease->hash = span_of(arena_text(transaction->arena, span_of(user->hash)));
	if (lease->user.at == NULL || lease->hash.at == NULL)
		lease->user = SPAN(""); /* nobody */
}

void
lease_begin(struct gate *gate, struct transaction *transaction, const struct decision *decision)
{
	const struct module *module = decision->route.module;

	if (module == NULL || !module->tunnel_until_expiry)
		return;
	transaction->lease = (struct lease){
		.gate = gate,
		.serial = transaction->snapshot->serial,
		.until_s = end_of(decision),
		.certificate = transaction->request->certificate,
	};
	if (decision->caller != NULL && decision->credentials.scheme == CREDENTIALS_BASIC)
		remember_user(transaction, decision->attempt.name);
	transaction->forward.outlived = lease_outlived;
}

/* The context of find_caller(). */
struct asking {
	const struct lease *lease;
	struct arena *arena;
};

/* The password was right when the stream began, and is not kept. With the same hash it is right
 * now, and the user is no other one of the same name. */
static enum reason
find_user(const struct asking *asking, const struct judge_inputs *inputs, struct decision *decision)
{
	const struct user *user = snapshot_user(inputs->snapshot, asking->lease->user);
	struct caller *caller = NULL;
	enum reason reason;

	if (!decision->basic)
		return REASON_BASIC_NOT_ALLOWED;
	if (user == NULL || user->disabled || !span_is(asking->lease->hash, user->hash))
		return REASON_BASIC_WRONG;
	reason = judge_user(inputs, user, asking->arena, &caller);
	decision->caller = caller;
	return reason;
}

static enum reason
find_caller(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct asking *asking = context;

	if (decision->credentials.scheme == CREDENTIALS_BEARER)
		return identify_bearer(asking->lease->gate, inputs, asking->arena, decision);
	if (decision->credentials.scheme == CREDENTIALS_BASIC)
		return find_user(asking, inputs, decision);
	return judge_certificate(inputs, asking->arena, decision);
}

/* Has the client's certificate ended since the request was last judged? */
static bool
certificate_ended(const struct lease *lease, int64_t now_s)
{
	return lease->certificate != NULL && now_s > lease->certificate->until_s;
}

/* Judge the request once more, by that snapshot, with a certificate that is still valid. */
static enum reason
judge_again(struct transaction *transaction, const struct snapshot *snapshot, int64_t now_s)
{
	struct lease *lease = &transaction->lease;
	const struct request *request = transaction->request;
	struct judge_inputs inputs = { .snapshot = snapshot,
		.config = snapshot->config,
		.certificate = certificate_ended(lease, now_s) ? NULL : lease->certificate,
		.peer = transaction_peer(transaction, snapshot->config),
		.now_s = now_s,
		.mono_s = clock_mono_s() };
	struct decision decision = { .issuer_index = SIZE_MAX };
	struct arena arena;
	struct asking asking = { lease, &arena };
	struct judge_who who = { find_caller, &asking, &arena, request };
	enum reason reason;

	arena_init(&arena, ARENA_BYTES);
	reason = judge_target(request, &arena, &decision);
	if (reason == REASON_OK)
		reason = judge_steps(&inputs, &who, &decision);
	if (reason == REASON_OK) {
		lease->serial = snapshot->serial;
		lease->until_s = end_of(&decision);
		lease->certificate = inputs.certificate;
	}
	arena_done(&arena);
	return reason;
}

/* Is it no decision about the caller, but one that cannot be made now? */
static bool
is_undecided(enum reason reason)
{
	return reason == REASON_KEYS_UNAVAILABLE || reason == REASON_OVERLOADED;
}

const char *
lease_outlived(void *context)
{
	struct transaction *transaction = context;
	struct lease *lease = &transaction->lease;
	int64_t now_s = clock_now_s();
	struct snapshot *snapshot = snapshot_take(lease->gate->hold);
	enum reason reason = REASON_OK;
	const char *why;

	if (now_s >= lease->until_s)
		reason = REASON_TOKEN_EXPIRED;
	else if (snapshot != NULL &&
		 (snapshot->serial != lease->serial || certificate_ended(lease, now_s)))
		reason = judge_again(transaction, snapshot, now_s);
	snapshot_release(snapshot);
	if (reason == REASON_OK || is_undecided(reason))
		return NULL;
	why = arena_format(transaction->arena, "the caller may no longer: %s", reason_word(reason));
	return why == NULL ? "the caller may no longer" : why;
}

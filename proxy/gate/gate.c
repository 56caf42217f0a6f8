/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/gate.h"

#include <stddef.h>
#include <stdio.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "base/digest.h"
#include "proxy/gate/access.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/endpoints.h"
#include "proxy/gate/explain_refusal.h"
#include "proxy/gate/hops.h"
#include "proxy/gate/identify.h"
#include "proxy/gate/lease.h"
#include "proxy/upstream/forward.h"
#include "proxy/gate/transaction.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/key_wait.h"
#include "proxy/gate/next_count.h"
#include "proxy/gate/rate_judge.h"
#include "proxy/gate/recent_keep.h"

/* Memory of one request: its decision, the head sent upstream and the texts for the log. */
#define REQUEST_ARENA_BYTES (1u << 20)
/* Of these the first are on the stack, which suffices for nearly every request. */
#define REQUEST_ARENA_FIRST 4096

/* A pseudonym (RFC 9110 section 7.6.3) by which it knows its own requests again. */
static bool
name_gate(struct gate *gate)
{
	unsigned char id[6];
	char text[16] = "";

	if (!digest_random(id, sizeof(id)))
		return false;
	base64url_encode((struct span){ (const char *)id, sizeof(id) }, text);
	(void)snprintf(gate->via, sizeof(gate->via), "1.1 postern-%s", text);
	return true;
}

bool
gate_init(struct gate *gate, size_t token_cache_bytes, struct err *reterr)
{
	gate->hold = hold_new();
	gate->cache = cache_new(token_cache_bytes);
	gate->recent = NULL;
	gate->metrics = metrics_new();
	if (gate->hold == NULL || gate->cache == NULL || gate->metrics == NULL) {
		hold_free(gate->hold);
		cache_free(gate->cache);
		metrics_free(gate->metrics);
		gate->cache = NULL;
		return err_set(reterr, "out of memory");
	}
	(void)pthread_mutex_init(&gate->lock, NULL);
	(void)pthread_mutex_init(&gate->keys_lock, NULL);
	condition_init(&gate->keys);
	return name_gate(gate) || err_set(reterr, "no random bytes");
}

void
gate_done(struct gate *gate)
{
	services_end(gate_swap(gate, NULL));
	(void)pthread_mutex_destroy(&gate->lock);
	(void)pthread_mutex_destroy(&gate->keys_lock);
	condition_done(&gate->keys);
	hold_free(gate->hold);
	cache_free(gate->cache);
	metrics_free(gate->metrics);
	recent_free(gate->recent);
}

/* Replace the snapshot; the caller holds the lock. Without memory for a new one there is no
 * snapshot until memory is available: the old one would still accept what has been revoked. */
static void
renew(struct gate *gate)
{
	struct snapshot *snapshot = gate->services == NULL ? NULL : snapshot_new(gate->services);

	gate->unrenewed = gate->services != NULL && snapshot == NULL;
	snapshot_replace(gate->hold, snapshot);
}

void
gate_renew(void *context)
{
	struct gate *gate = context;

	(void)pthread_mutex_lock(&gate->lock);
	renew(gate);
	(void)pthread_mutex_unlock(&gate->lock);
}

struct services *
gate_swap(struct gate *gate, struct services *services)
{
	struct services *former;

	(void)pthread_mutex_lock(&gate->lock);
	former = gate->services;
	gate->services = services;
	renew(gate);
	(void)pthread_mutex_unlock(&gate->lock);
	return former;
}

/* No lock is needed to read gate->services: only this thread replaces them. */
void
gate_tend(struct gate *gate)
{
	bool unrenewed;

	cache_tend();
	services_tend(gate->services, clock_mono_s());
	(void)pthread_mutex_lock(&gate->lock);
	unrenewed = gate->unrenewed;
	(void)pthread_mutex_unlock(&gate->lock);
	if (unrenewed)
		gate_renew(gate);
}

/* Decide by the snapshot that the transaction holds. */
static void
judge(struct gate *gate, struct transaction *transaction, struct decision *decision)
{
	struct judge_inputs inputs = transaction_inputs(transaction);
	struct identify identify = { gate, transaction };
	struct judge_who who = { identify_caller, &identify, transaction->arena,
		transaction->request };

	/* Results of an earlier attempt may belong to another configuration. */
	decision->caller = NULL;
	decision->issuer_index = SIZE_MAX;
	transaction->reason = judge_steps(&inputs, &who, decision);
	transaction_tell(transaction, decision);
	transaction->next = inputs.config->next == NULL ? (struct next){ .verdict = NEXT_SAME }
							: next_judge(&inputs, &who, decision);
}

/* Is the reason about the upstream? Details of the upstream's address and its errors are for the
 * operator: they are logged, and not sent to the client. */
static bool
about_upstream(enum reason reason)
{
	return reason == REASON_UPSTREAM_UNREACHABLE || reason == REASON_UPSTREAM_TIMEOUT ||
	       reason == REASON_UPSTREAM_MALFORMED;
}

/* nginx takes 401 and 403 from who is asked, and makes 500 of others. */
static bool
is_disguised(const struct transaction *transaction, const struct snapshot *snapshot)
{
	return transaction->authorizes && snapshot != NULL &&
	       snapshot->config->forward_auth.form == ASKED_ORIGINAL && transaction->status != 401;
}

/* Without a snapshot nothing is known of what clients may be told: nothing is. */
void
gate_deny(const struct gate *gate, struct transaction *transaction)
{
	struct snapshot *snapshot = snapshot_take(gate->hold);
	struct answer_refusal refusal = {
		.reason = transaction->reason,
		.request = transaction->request,
		.detail = about_upstream(transaction->reason) ? NULL : transaction->detail,
		.detail_public = snapshot != NULL && snapshot->config->answer_detail,
		.type_base =
		    snapshot == NULL ? CONFIG_TYPE_BASE : snapshot->config->answer_type_base,
		.scope = span_of(transaction->fields.scope),
		.basic = transaction->fields.basic,
		.wait_s = transaction->wait_s,
		.request_id = span_of(transaction->id),
		.cors = transaction->cors,
		.rate = transaction->rate,
		.metadata = transaction->fields.metadata,
	};

	transaction->status = reason_status(transaction->reason);
	refusal.disguised = is_disguised(transaction, snapshot);
	answer_refuse(transaction->exchange, &refusal);
	snapshot_release(snapshot);
}

static void
forward(struct transaction *transaction)
{
	forward_request(transaction->exchange, &transaction->forward, &transaction->forwarded);
	transaction->reason = transaction->forwarded.reason;
	transaction->status = transaction->forwarded.status;
	if (transaction->forwarded.upstream != NULL)
		transaction->fields.upstream = upstream_url(transaction->forwarded.upstream);
	if (transaction->reason != REASON_OK)
		transaction->detail = transaction->forwarded.detail;
}

/* It may be reset, and nothing is sent to it any more. */
static void
let_go(struct transaction *transaction)
{
	exchange_abort(transaction->exchange);
	transaction->detail = "the client left before the answer was complete";
	if (transaction->status == 0)
		transaction->status = reason_status(REASON_CLIENT_GONE);
}

void
gate_finish(struct gate *gate, struct transaction *transaction)
{
	int64_t duration_us = clock_mono_us() - exchange_started_us(transaction->exchange);

	metrics_request(gate->metrics, transaction->reason, duration_us);
	access_log(transaction, duration_us);
	recent_keep(gate->recent, transaction);
}

/* It was to come no further than here: we are the last recipient. */
static void
answer_options(struct transaction *transaction)
{
	struct answer answer = { .status = 200 };

	transaction->status = 200;
	answer_write(transaction->exchange, &answer);
}

void
gate_decide(struct gate *gate, struct transaction *transaction, struct decision *decision)
{
	judge(gate, transaction, decision);
	for (int tries = 0; tries < 2 && transaction->reason == REASON_KEY_UNKNOWN &&
			    key_wait(gate, transaction, decision->issuer_index);
	    tries++)
		judge(gate, transaction, decision);
	if (transaction->snapshot != NULL && transaction->next.verdict != NEXT_SAME)
		next_count_add(transaction->snapshot->services->next, &transaction->next);
	if (transaction->snapshot == NULL && transaction->reason != REASON_CLIENT_GONE) {
		transaction->reason = REASON_OVERLOADED;
		transaction->detail = NULL;
		transaction->fields = (struct access_fields){ 0 };
		transaction->principal = NULL;
	}
	if (transaction->reason == REASON_OK)
		transaction->reason = rate_judge(transaction, decision);
	if (transaction->reason != REASON_OK && transaction->snapshot != NULL)
		explain_refusal(transaction, decision, gate->recent != NULL);
}

/* From the decision to the answer. */
static void
serve(struct gate *gate, struct transaction *transaction, struct decision *decision)
{
	transaction->reason = REASON_OVERLOADED;
	if (transaction->snapshot != NULL) {
		transaction->reason = REASON_OK;
		transaction_trace(transaction);
		if (endpoints_serve(gate, transaction, decision))
			return;
		gate_decide(gate, transaction, decision);
	}
	if (transaction->reason == REASON_OK)
		transaction->reason = transaction_prepare(transaction, decision);
	if (transaction->reason == REASON_OK)
		lease_begin(gate, transaction, decision);
	if (transaction->reason == REASON_OK && transaction->max_forwards == 0)
		answer_options(transaction);
	else if (transaction->reason == REASON_OK)
		forward(transaction);
}

void
gate_serve(void *context, struct exchange *exchange)
{
	struct gate *gate = context;
	struct decision decision;
	_Alignas(max_align_t) char first[REQUEST_ARENA_FIRST];
	struct arena arena;
	struct transaction transaction;

	arena_init_within(&arena, REQUEST_ARENA_BYTES, first, sizeof(first));
	if (!transaction_start(&transaction, exchange, &arena)) {
		exchange_abort(exchange);
		return;
	}
	transaction.snapshot = snapshot_take(gate->hold);
	transaction.reason =
	    judge_admit(transaction.request, transaction_trusted(&transaction), &arena, &decision);
	transaction.detail = decision.verdict.detail;
	transaction.via = span_of(gate->via);
	transaction.max_forwards = hops_left(exchange_request(exchange));
	if (transaction.reason == REASON_OK &&
	    hops_include(exchange_request(exchange), span_of(gate->via))) {
		transaction.reason = REASON_LOOP_DETECTED;
		transaction.detail = "Via names this gate: its upstream leads back to it";
	}
	if (transaction.reason == REASON_OK)
		serve(gate, &transaction, &decision);
	if (transaction.reason == REASON_CLIENT_GONE)
		let_go(&transaction);
	else if (transaction.reason != REASON_OK)
		gate_deny(gate, &transaction);
	gate_finish(gate, &transaction);
	transaction_end(&transaction);
	judge_forget(&decision);
	arena_done(&arena);
}

void
gate_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	struct gate *gate = context;
	struct arena arena;
	struct transaction transaction;

	arena_init(&arena, REQUEST_ARENA_BYTES);
	if (transaction_start(&transaction, exchange, &arena)) {
		transaction.reason = reason;
		transaction.detail = detail;
		exchange_close(exchange);
		gate_deny(gate, &transaction);
		gate_finish(gate, &transaction);
		transaction_end(&transaction);
	}
	arena_done(&arena);
}

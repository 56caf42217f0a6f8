/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/gate.h"

#include "base/clock.h"
#include "proxy/gate/access.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/endpoints.h"
#include "proxy/upstream/forward.h"
#include "proxy/gate/job.h"
#include "proxy/gate/judge.h"

/* A request's own memory: its judgement, the head for the upstream, the texts for the log. */
#define REQUEST_ARENA_BYTES (1u << 20)

bool
gate_init(struct gate *gate, struct err *reterr)
{
	gate->hold = hold_new();
	gate->cache = cache_new();
	gate->metrics = metrics_new();
	if (gate->hold == NULL || gate->cache == NULL || gate->metrics == NULL) {
		hold_free(gate->hold);
		cache_free(gate->cache);
		metrics_free(gate->metrics);
		gate->cache = NULL;
		return err_set(reterr, "out of memory");
	}
	(void)pthread_mutex_init(&gate->lock, NULL);
	return true;
}

void
gate_done(struct gate *gate)
{
	services_end(gate_swap(gate, NULL));
	(void)pthread_mutex_destroy(&gate->lock);
	hold_free(gate->hold);
	cache_free(gate->cache);
	metrics_free(gate->metrics);
}

/* With the lock held. Without memory nothing counts until there is some: what was revoked or taken
 * away would go on to count. */
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
	if (services != NULL)
		atomic_store(&gate->tell_detail, services->config->answer_detail);
	renew(gate);
	(void)pthread_mutex_unlock(&gate->lock);
	return former;
}

/* The services are replaced on this thread alone. */
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

/* Who presents this token? A verified one is found again by the digest of its text, as long as
 * nothing that its verdict rests on has changed. */
static enum reason
know_bearer(
    struct gate *gate, const struct facts *facts, struct job *job, struct judgement *judgement)
{
	struct cache_key key = { .serial = facts->snapshot->serial };
	struct caller *caller = NULL;
	enum reason reason;

	if (!digest_sha256(judgement->credentials.value, key.digest))
		return judgement->verdict.reason = REASON_OVERLOADED;
	judgement->caller = cache_find(gate->cache, &key, facts->now_s, job->arena);
	/* Keys grow stale by time alone, and what they have shown to be right does with them. */
	if (judgement->caller != NULL &&
	    snapshot_keys(facts->snapshot, judgement->caller->profile, facts->mono_s) != NULL) {
		judgement->profile = judgement->caller->profile;
		return REASON_OK;
	}
	judgement->caller = NULL;
	reason = judge_bearer(facts, job->arena, judgement, &caller);
	if (reason != REASON_OK)
		return reason;
	judgement->caller = caller;
	cache_put(gate->cache, &key, caller, facts->now_s);
	return REASON_OK;
}

/* A password that nobody asked for lately is asked for now, which takes a while. REASON_OK: it is
 * right, and judgement->right_hash says so. */
static enum reason
ask_password(struct job *job, struct judgement *judgement)
{
	const struct login_attempt *attempt = &judgement->attempt;
	struct issuer *issuer = job->snapshot->services->issuer;
	struct login_told told = { .shared = true };
	enum login_found found = login_check(issuer_login(issuer), attempt, &told);

	job->wait_s = told.wait_s;
	if (found == LOGIN_RIGHT && !told.shared)
		issuer_rehash(issuer, attempt);
	if (found == LOGIN_WRONG && told.wait_s > 0 && !told.shared)
		job_tell_lockout(job, attempt);
	judgement->unasked = false;
	if (found == LOGIN_LOCKED)
		return REASON_LOCKED_OUT;
	if (found == LOGIN_BUSY)
		return REASON_OVERLOADED;
	if (found == LOGIN_WRONG)
		return REASON_BASIC_WRONG;
	judgement->right_hash = attempt->hash;
	return REASON_OK;
}

/* Whose name and password are these? As long as nobody is locked out, a user that was known is
 * found again as a token's caller is. */
static enum reason
know_user(
    struct gate *gate, const struct facts *facts, struct job *job, struct judgement *judgement)
{
	struct cache_key key = { .serial = facts->snapshot->serial };
	struct caller *caller = NULL;
	enum reason reason =
	    judge_attempt(facts, exchange_request(job->exchange), job->arena, judgement);

	if (reason != REASON_OK)
		return reason;
	memcpy(key.digest, judgement->attempt.digest, DIGEST_BYTES);
	if (login_quiet(facts->snapshot->login, facts->mono_s))
		judgement->caller = cache_find(gate->cache, &key, facts->now_s, job->arena);
	if (judgement->caller != NULL)
		return REASON_OK;
	reason = judge_basic(facts, job->arena, judgement, &caller);
	if (judgement->unasked) {
		reason = ask_password(job, judgement);
		if (reason == REASON_OK)
			reason = judge_basic(facts, job->arena, judgement, &caller);
	}
	if (reason != REASON_OK)
		return reason;
	judgement->caller = caller;
	cache_put(gate->cache, &key, caller, facts->now_s);
	return REASON_OK;
}

/* What finding out who asks needs of the gate. */
struct asking {
	struct gate *gate;
	struct job *job;
};

static enum reason
know_caller(void *context, const struct facts *facts, struct judgement *judgement)
{
	struct asking *asking = context;

	if (judgement->credentials.scheme == CREDENTIALS_BEARER)
		return know_bearer(asking->gate, facts, asking->job, judgement);
	if (judgement->credentials.scheme == CREDENTIALS_BASIC)
		return know_user(asking->gate, facts, asking->job, judgement);
	return REASON_OK;
}

/* Judge by the snapshot that is held, and make ready to forward. */
static void
judge(struct gate *gate, struct job *job, struct judgement *judgement)
{
	struct facts facts = job_facts(job);
	struct asking asking = { gate, job };
	struct judge_who who = { know_caller, &asking, job->arena,
		exchange_request(job->exchange) };

	/* What an earlier look found may be of another configuration. */
	judgement->caller = NULL;
	judgement->profile = SIZE_MAX;
	job->reason = judge_steps(&facts, &who, judgement);
	job_tell(job, judgement);
	if (job->reason == REASON_OK)
		job->reason = job_prepare(job, judgement);
}

/* A new key may have been published since the keys were fetched. Who waits for it holds nothing,
 * and takes what there is then. True: that is another snapshot, judge by it. */
static bool
await_keys(struct gate *gate, struct job *job, const struct judgement *judgement)
{
	struct services *services = services_ref(job->snapshot->services);
	uint64_t serial = job->snapshot->serial, round;
	size_t profile = judgement->profile;

	snapshot_release(job->snapshot);
	if (profile < services->config->profile_count &&
	    keyring_ask(services->ring, profile, clock_mono_s(), &round))
		(void)keyring_await(services->ring, profile, round);
	services_unref(services);
	job->snapshot = snapshot_take(gate->hold);
	return job->snapshot != NULL && job->snapshot->serial != serial;
}

/* Where the API stands, and what ails it, is the operator's to know: the log tells. */
static bool
about_upstream(enum reason reason)
{
	return reason == REASON_UPSTREAM_UNREACHABLE || reason == REASON_UPSTREAM_TIMEOUT ||
	       reason == REASON_UPSTREAM_MALFORMED;
}

static void
refuse(const struct gate *gate, struct job *job)
{
	struct answer_refusal refusal = {
		.reason = job->reason,
		.detail = about_upstream(job->reason) ? NULL : job->detail,
		.detail_public = atomic_load(&gate->tell_detail),
		.scope = span_of(job->told.scope),
		.basic = job->told.basic,
		.wait_s = job->wait_s,
		.request_id = span_of(job->id),
		.metadata = job->told.metadata,
	};

	job->status = reason_status(job->reason);
	answer_refuse(job->exchange, &refusal);
}

static void
forward(struct job *job)
{
	forward_request(job->exchange, &job->forward, &job->forwarded);
	job->reason = job->forwarded.reason;
	job->status = job->forwarded.status;
	if (job->reason != REASON_OK)
		job->detail = job->forwarded.detail;
}

static void
finish(struct gate *gate, struct job *job)
{
	int64_t duration_us = clock_mono_us() - exchange_started_us(job->exchange);

	metrics_request(gate->metrics, job->reason, duration_us);
	access_log(job, duration_us);
}

/* From the judging to the answer. Looks once more at most, never in a loop. */
static void
serve(struct gate *gate, struct job *job, struct judgement *judgement)
{
	job->snapshot = snapshot_take(gate->hold);
	if (job->snapshot != NULL && endpoints_serve(gate, job, judgement))
		return;
	if (job->snapshot != NULL)
		judge(gate, job, judgement);
	if (job->reason == REASON_KEY_UNKNOWN && await_keys(gate, job, judgement))
		judge(gate, job, judgement);
	if (job->snapshot == NULL) {
		job->reason = REASON_OVERLOADED;
		job->detail = NULL;
		job->told = (struct job_told){ 0 };
	}
	if (job->reason == REASON_OK)
		forward(job);
}

void
gate_serve(void *context, struct exchange *exchange)
{
	struct gate *gate = context;
	struct judgement judgement;
	struct arena arena;
	struct job job;

	arena_init(&arena, REQUEST_ARENA_BYTES);
	if (!job_start(&job, exchange, &arena)) {
		exchange_abort(exchange);
		return;
	}
	job.reason = judge_admit(exchange_request(exchange), &arena, &judgement);
	job.detail = judgement.verdict.detail;
	if (job.reason == REASON_OK)
		serve(gate, &job, &judgement);
	if (job.reason != REASON_OK)
		refuse(gate, &job);
	finish(gate, &job);
	job_end(&job);
	judge_forget(&judgement);
	arena_done(&arena);
}

void
gate_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	struct gate *gate = context;
	struct arena arena;
	struct job job;

	arena_init(&arena, REQUEST_ARENA_BYTES);
	if (job_start(&job, exchange, &arena)) {
		job.reason = reason;
		job.detail = detail;
		exchange_close(exchange);
		refuse(gate, &job);
		finish(gate, &job);
		job_end(&job);
	}
	arena_done(&arena);
}

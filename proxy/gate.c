/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate.h"

#include "base/clock.h"
#include "base/epoch.h"
#include "proxy/access.h"
#include "proxy/answer.h"
#include "proxy/endpoints.h"
#include "proxy/forward.h"
#include "proxy/job.h"
#include "proxy/judge.h"

/* A request's own memory: its judgement, the head for the upstream, the texts for the log. */
#define REQUEST_ARENA_BYTES (1u << 20)

bool
gate_init(struct gate *gate, struct world *world, struct err *reterr)
{
	gate->cache = cache_new();
	gate->metrics = metrics_new();
	if (gate->cache == NULL || gate->metrics == NULL) {
		cache_free(gate->cache);
		metrics_free(gate->metrics);
		return err_set(reterr, "out of memory");
	}
	atomic_store(&gate->tell_detail, world->config->answer_detail);
	atomic_store(&gate->world, world);
	return true;
}

void
gate_done(struct gate *gate)
{
	epoch_drain();
	gate_tend(gate);
	world_free(atomic_load(&gate->world));
	cache_free(gate->cache);
	metrics_free(gate->metrics);
}

/* Whichever thread finds that the last reader has left, it only lays the world aside. */
static void
bury(void *retired)
{
	struct world *world = retired;
	struct world *head = atomic_load(world->grave);

	do {
		world->next_buried = head;
	} while (!atomic_compare_exchange_weak(world->grave, &head, world));
}

void
gate_swap(struct gate *gate, struct world *world)
{
	struct world *former = atomic_load(&gate->world);

	former->grave = &gate->grave;
	atomic_store(&gate->tell_detail, world->config->answer_detail);
	atomic_store(&gate->world, world);
	epoch_retire(former, bury);
}

void
gate_tend(struct gate *gate)
{
	struct world *world = atomic_exchange(&gate->grave, NULL);

	world_tend(atomic_load(&gate->world), clock_mono_s());
	while (world != NULL) {
		struct world *next = world->next_buried;

		if (atomic_load(&world->holds) > 0)
			bury(world);
		else
			world_free(world);
		world = next;
	}
}

static void
keep_caller(struct gate *gate, const struct facts *facts, struct job *job,
    const struct cache_key *key, const struct caller *caller)
{
	struct cache_entry *entry = cache_entry_new(key, facts->config, caller);

	if (entry != NULL)
		job->replaced = cache_put(gate->cache, entry, facts->now_s);
}

/* Who presents this token? A verified one is found again by the digest of its text, as long as
 * nothing that its verdict rests on has changed. */
static enum reason
know_bearer(
    struct gate *gate, const struct facts *facts, struct job *job, struct judgement *judgement)
{
	struct cache_key key = { .stamp = facts->stamp };
	struct caller *caller = NULL;
	enum reason reason;

	if (!digest_sha256(judgement->credentials.value, key.digest))
		return judgement->verdict.reason = REASON_OVERLOADED;
	judgement->caller = cache_find(gate->cache, &key, facts->now_s);
	/* Keys grow stale by time alone, and what they have shown to be right does with them. */
	if (judgement->caller != NULL &&
	    facts->keys(facts->world, judgement->caller->profile, facts->mono_s) != NULL) {
		judgement->profile = judgement->caller->profile;
		return REASON_OK;
	}
	judgement->caller = NULL;
	reason = judge_bearer(facts, job->arena, judgement, &caller);
	if (reason != REASON_OK)
		return reason;
	judgement->caller = caller;
	keep_caller(gate, facts, job, &key, caller);
	return REASON_OK;
}

/* Whose name and password are these? As long as nobody is locked out, a user that was known is
 * found again as a token's caller is. */
static enum reason
know_user(
    struct gate *gate, const struct facts *facts, struct job *job, struct judgement *judgement)
{
	struct cache_key key = { .stamp = facts->stamp };
	struct caller *caller = NULL;
	enum reason reason =
	    judge_attempt(facts, exchange_request(job->exchange), job->arena, judgement);

	if (reason != REASON_OK)
		return reason;
	memcpy(key.digest, judgement->attempt.digest, DIGEST_BYTES);
	if (login_quiet(facts->login, facts->mono_s))
		judgement->caller = cache_find(gate->cache, &key, facts->now_s);
	if (judgement->caller != NULL)
		return REASON_OK;
	reason = judge_basic(facts, job->arena, judgement, &caller);
	if (reason != REASON_OK)
		return reason;
	judgement->caller = caller;
	keep_caller(gate, facts, job, &key, caller);
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

/* Judge by the world as it is now, and take along what is needed after it: the head to send, a
 * hold on the upstream, the texts for the log. */
static void
judge_now(struct gate *gate, struct job *job, struct judgement *judgement)
{
	struct asking asking = { gate, job };
	struct judge_who who = {
		know_caller, &asking, job->arena, exchange_request(job->exchange)
	};
	struct facts facts;
	const struct world *world;

	judgement->unasked = false;
	epoch_enter();
	world = atomic_load(&gate->world);
	job->judged_by = world->serial;
	facts = world_facts(world, clock_now_s());
	job->reason = judge_steps(&facts, &who, judgement);
	job_tell(job, facts.config, judgement);
	if (job->reason == REASON_OK)
		job->reason = job_prepare(job, world, judgement);
	epoch_leave();
	cache_retire(job->replaced);
	job->replaced = NULL;
}

static struct world *
hold_world(struct gate *gate)
{
	struct world *world;

	epoch_enter();
	world = atomic_load(&gate->world);
	world_hold(world);
	epoch_leave();
	return world;
}

/* The world that the request was judged by, held; NULL: a reload has put another in its place. Then
 * nothing that the judgement names (an index of a profile, a digest of a login) means anything
 * there, and it is to be judged anew. */
static struct world *
hold_judging(struct gate *gate, const struct job *job)
{
	struct world *world = hold_world(gate);

	if (world->serial == job->judged_by)
		return world;
	world_drop(world);
	return NULL;
}

/* A new key may have been published since we last looked. Look once, never in a loop. True: judge
 * again. */
static bool
refresh_keys(struct gate *gate, struct job *job, const struct judgement *judgement)
{
	struct world *world = hold_judging(gate, job);
	bool refreshed = false;

	if (world == NULL)
		return true;
	if (!job->refreshed && judgement->profile < world->config->profile_count)
		refreshed = keyring_refresh(world->ring, judgement->profile, clock_mono_s());
	job->refreshed = true;
	world_drop(world);
	return refreshed;
}

/* A password that nobody asked for lately is asked for now, which takes a while, and once. True:
 * it is right, judge again. */
static bool
ask_password(struct gate *gate, struct job *job, struct judgement *judgement)
{
	const struct login_attempt *attempt = &judgement->attempt;
	struct world *world = hold_judging(gate, job);
	enum login_found found = LOGIN_BUSY;
	struct login_told told = { .shared = true };

	if (world == NULL)
		return true;
	if (world->issuer != NULL)
		found = login_check(issuer_login(world->issuer), attempt, &told);
	if (found == LOGIN_RIGHT && !told.shared)
		issuer_rehash(world->issuer, attempt);
	world_drop(world);
	job->wait_s = told.wait_s;
	if (found == LOGIN_RIGHT)
		judgement->right_hash = attempt->hash;
	else if (found == LOGIN_LOCKED)
		job->reason = REASON_LOCKED_OUT;
	else if (found == LOGIN_BUSY)
		job->reason = REASON_OVERLOADED;
	if (found == LOGIN_WRONG && told.wait_s > 0 && !told.shared)
		job_tell_lockout(job, attempt);
	return found == LOGIN_RIGHT;
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
	upstream_unref(job->forward.upstream);
}

static void
finish(struct gate *gate, struct job *job)
{
	int64_t duration_us = clock_mono_us() - exchange_started_us(job->exchange);

	metrics_request(gate->metrics, job->reason, duration_us);
	access_log(job, duration_us);
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
	if (job.reason == REASON_OK && !endpoints_serve(gate, &job, &judgement)) {
		judge_now(gate, &job, &judgement);
		while ((job.reason == REASON_KEY_UNKNOWN && refresh_keys(gate, &job, &judgement)) ||
		       (judgement.unasked && ask_password(gate, &job, &judgement)))
			judge_now(gate, &job, &judgement);
		if (job.reason == REASON_OK)
			forward(&job);
	}
	if (job.reason != REASON_OK)
		refuse(gate, &job);
	finish(gate, &job);
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
	}
	arena_done(&arena);
}

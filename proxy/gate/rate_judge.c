/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/rate_judge.h"

#include <inttypes.h>

#include "base/clock.h"
#include "policy/rate_who.h"
#include "proxy/gate/rate_limits.h"

/* One of the rates that a request is counted by. */
struct counted {
	const struct rate *rate; /* NULL: there is none */
	struct rate_limit *limit;
	uint64_t key;
};

static const struct principal *
principal_of(const struct decision *decision)
{
	return decision->caller == NULL ? NULL : &decision->caller->principal;
}

/* False: no memory. */
static bool
count(const struct transaction *transaction, const struct decision *decision,
    const struct rate *rate, struct counted *counted)
{
	struct span who;

	*counted = (struct counted){ .rate = rate };
	if (rate == NULL)
		return true;
	counted->limit = transaction->snapshot->services->limits->at[rate->index];
	who = rate_who(
	    rate, principal_of(decision), span_of(transaction->request->peer), transaction->arena);
	return who.at != NULL && rate_table_key(counted->limit->table, who, &counted->key);
}

/* Note what is to be said of a request beyond a rate. False: no memory. */
static bool
tell(struct transaction *transaction, const struct decision *decision, const struct rate *rate,
    const struct rate_drawn *drawn)
{
	enum rate_by by = rate_who_by(rate, principal_of(decision));
	char *lines = arena_format(transaction->arena,
	    "RateLimit-Limit: %" PRId64 "\r\nRateLimit-Remaining: %" PRId64
	    "\r\nRateLimit-Reset: %" PRId64 "\r\n",
	    rate->burst, drawn->remaining, drawn->full_s);

	transaction->detail = arena_format(transaction->arena,
	    "%s %s allows %s for each %s; the next may come in %" PRId64 " s",
	    rate->of_module ? "module" : "privilege", rate->name, rate->limit, rate_by_word(by),
	    drawn->wait_s);
	transaction->wait_s = drawn->wait_s;
	if (lines != NULL)
		transaction->rate = span_of(lines);
	return lines != NULL && transaction->detail != NULL;
}

static enum reason
refuse(struct transaction *transaction, const struct decision *decision,
    const struct counted *counted, const struct rate_drawn *drawn)
{
	atomic_fetch_add_explicit(&counted->limit->refused, 1, memory_order_relaxed);
	return tell(transaction, decision, counted->rate, drawn) ? REASON_RATE_LIMITED
								 : REASON_OVERLOADED;
}

static struct rate_drawn
draw(const struct counted *counted, int64_t now_us)
{
	return rate_table_draw(counted->limit->table, counted->rate, counted->key, now_us);
}

/* Beyond the rate of a privilege in shadow mode: noted, and let pass. */
static enum reason
pass_by(struct transaction *transaction, const struct decision *decision,
    const struct counted *counted, const struct rate_drawn *drawn)
{
	enum reason reason = refuse(transaction, decision, counted, drawn);

	transaction->wait_s = 0;
	transaction->rate = (struct span){ 0 };
	if (reason != REASON_RATE_LIMITED)
		return reason;
	transaction->shadow_reason = reason;
	return REASON_OK;
}

/* A privilege in shadow mode that would refuse for another reason counts nothing. */
static const struct rate *
rate_of(const struct transaction *transaction, const struct privilege *privilege)
{
	return privilege == NULL || transaction->shadow_reason != REASON_OK ? NULL
									    : privilege->rate;
}

enum reason
rate_judge(struct transaction *transaction, const struct decision *decision)
{
	const struct privilege *privilege = decision->route.privilege;
	const struct module *module = decision->route.module;
	int64_t now_us = clock_mono_us();
	struct counted own, whole; /* the privilege's and the module's */
	struct rate_drawn drawn;
	enum reason reason = REASON_OK;

	if (!count(transaction, decision, rate_of(transaction, privilege), &own) ||
	    !count(transaction, decision, module == NULL ? NULL : module->rate, &whole))
		return REASON_OVERLOADED;
	/* Looked at first, so that nothing is drawn in vain; of requests at the same moment one may
	 * still be. */
	if (own.rate != NULL && whole.rate != NULL) {
		drawn = rate_table_look(whole.limit->table, whole.rate, whole.key, now_us);
		if (!drawn.allowed)
			return refuse(transaction, decision, &whole, &drawn);
	}
	if (own.rate != NULL) {
		drawn = draw(&own, now_us);
		if (!drawn.allowed && privilege->shadow)
			reason = pass_by(transaction, decision, &own, &drawn);
		else if (!drawn.allowed)
			reason = refuse(transaction, decision, &own, &drawn);
	}
	if (reason == REASON_OK && whole.rate != NULL) {
		drawn = draw(&whole, now_us);
		if (!drawn.allowed)
			reason = refuse(transaction, decision, &whole, &drawn);
	}
	return reason;
}

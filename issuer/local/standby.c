/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/standby.h"

static bool
is_down(const struct standby_issuer *issuer, const struct standby *standby, int64_t after_s,
    int64_t now_s)
{
	/* A fetch before the start was by an earlier run and does not count. */
	int64_t from_s = issuer->good_s > standby->started_s ? issuer->good_s : standby->started_s;

	return !issuer->usable && now_s - from_s > after_s;
}

/* Since when all are down, and since when one is up. A clock that was set back begins anew. */
static void
observe(struct standby *standby, const struct standby_inputs *inputs, int64_t after_s)
{
	int64_t now_s = inputs->now_s;
	bool down = inputs->count > 0, up = false;
	size_t i;

	for (i = 0; i < inputs->count; i++) {
		down &= is_down(&inputs->issuers[i], standby, after_s, now_s);
		up |= inputs->issuers[i].usable;
	}
	if (!down)
		standby->down_s = 0;
	else if (standby->down_s == 0 || standby->down_s > now_s)
		standby->down_s = now_s;
	if (!up)
		standby->up_s = 0;
	else if (standby->up_s == 0 || standby->up_s > now_s)
		standby->up_s = now_s;
}

/* How much longer all must be down than they need to be the first time. */
static int64_t
penalty_s(const struct standby *standby, const struct standby_settings *settings)
{
	int64_t times = standby->restless > 4 ? STANDBY_WORST : (int64_t)1 << standby->restless;

	return times * settings->hold_s;
}

static void
change(struct standby *standby, bool in_force, int64_t now_s)
{
	standby->in_force = in_force;
	standby->since_s = now_s;
	standby->changes++;
}

bool
standby_step(struct standby *standby, const struct standby_settings *settings,
    const struct standby_inputs *inputs)
{
	int64_t now_s = inputs->now_s;
	bool calm;

	if (standby->started_s > now_s)
		standby->started_s = now_s;
	if (standby->since_s > now_s)
		standby->since_s = now_s;
	observe(standby, inputs, settings->after_s);
	if (standby->in_force) {
		if (inputs->count > 0 &&
		    (standby->up_s == 0 || now_s - standby->up_s < settings->hold_s))
			return false;
		change(standby, false, now_s);
		return true;
	}
	if (standby->down_s == 0)
		return false;
	calm = standby->since_s == 0 ||
	       standby->down_s - standby->since_s > STANDBY_RESTLESS * settings->hold_s;
	if (!calm && now_s - standby->down_s < penalty_s(standby, settings))
		return false;
	standby->restless = calm ? 0 : standby->restless + 1;
	change(standby, true, now_s);
	return true;
}

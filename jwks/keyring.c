/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "jwks/keeper.h"

/* Requests that may wait for one issuer's refresh; the others are told at once that the key is
 * not known. So a flood of made-up kids never holds more of the gate's threads than these. */
#define WAITING_MOST 32

struct keyring {
	struct keeper *keepers;
	size_t count;
	char *state_dir;
	void (*changed)(void *context);
	void *context;
	bool halted; /* of who halts it */
};

static void
note_change(struct keyring *ring)
{
	if (ring->changed != NULL)
		ring->changed(ring->context);
}

/* Begin a round if it is time for one or somebody wants it. */
static bool
begin_round(struct keeper *keeper)
{
	bool due;

	(void)pthread_mutex_lock(&keeper->lock);
	due = keeper->wanted || plan_wait_s(&keeper->plan, clock_mono_s()) <= 0;
	keeper->wanted = false;
	keeper->asking = due;
	(void)pthread_mutex_unlock(&keeper->lock);
	return due;
}

static void
end_round(struct keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->asking = false;
	keeper->rounds++;
	(void)pthread_cond_broadcast(&keeper->ended);
	(void)pthread_mutex_unlock(&keeper->lock);
}

static int64_t
wait_us(struct keeper *keeper)
{
	int64_t left_s;

	(void)pthread_mutex_lock(&keeper->lock);
	left_s = plan_wait_s(&keeper->plan, clock_mono_s());
	(void)pthread_mutex_unlock(&keeper->lock);
	return (left_s < 0 ? 0 : left_s > 60 ? 60 : left_s) * INT64_C(1000000);
}

static int64_t
step(void *context)
{
	struct keeper *keeper = context;

	if (begin_round(keeper)) {
		if (keeper_ask(keeper, clock_mono_s()))
			note_change(keeper->ring);
		end_round(keeper);
		keeper_keep(keeper);
	}
	return wait_us(keeper);
}

static struct keeper *
earlier_of(const struct keyring *previous, const struct keeper *keeper)
{
	for (size_t i = 0; previous != NULL && i < previous->count; i++)
		if (keeper_alike(&previous->keepers[i], keeper))
			return &previous->keepers[i];
	return NULL;
}

static bool
start_keeper(
    struct keyring *ring, struct keeper *keeper, const struct keyring *previous, struct err *reterr)
{
	if (keeper->source.kind == SOURCE_GIVEN)
		return true;
	if (keeper->source.kind == SOURCE_FILE) {
		keeper->told_bad = true; /* if it is bad, the caller tells */
		(void)keeper_ask(keeper, clock_mono_s());
		if (keeper->plan.good_s == 0)
			return err_set(
			    reterr, "issuer %s: %s", keeper->source.name, keeper->last_error);
	} else {
		keeper_recall(keeper, earlier_of(previous, keeper));
	}
	keeper->ring = ring;
	return worker_start(step, keeper, &keeper->worker, reterr);
}

bool
keyring_start(const struct keyring_setup *setup, struct keyring **ret_ring, struct err *reterr)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	bool good = ring != NULL;

	if (good) {
		ring->changed = setup->changed;
		ring->context = setup->context;
		ring->keepers = calloc(setup->count + 1, sizeof(*ring->keepers));
		if (setup->state_dir != NULL)
			ring->state_dir = strdup(setup->state_dir);
		good =
		    ring->keepers != NULL && (setup->state_dir == NULL || ring->state_dir != NULL);
	}
	if (!good) {
		keyring_stop(ring);
		return err_set(reterr, "out of memory");
	}
	for (size_t i = 0; good && i < setup->count; i++) {
		good = keeper_init(&ring->keepers[i], &setup->sources[i], ring->state_dir, reterr);
		ring->count++;
		good = good && start_keeper(ring, &ring->keepers[i], setup->previous, reterr);
	}
	if (!good) {
		keyring_stop(ring);
		return false;
	}
	*ret_ring = ring;
	return true;
}

/* All are told before any is waited for. */
void
keyring_halt(struct keyring *ring)
{
	if (ring->halted)
		return;
	ring->halted = true;
	for (size_t i = 0; i < ring->count; i++) {
		struct keeper *keeper = &ring->keepers[i];

		(void)pthread_mutex_lock(&keeper->lock);
		atomic_store(&keeper->stop, true);
		(void)pthread_cond_broadcast(&keeper->ended);
		(void)pthread_mutex_unlock(&keeper->lock);
	}
	for (size_t i = 0; i < ring->count; i++)
		worker_stop(ring->keepers[i].worker);
}

void
keyring_stop(struct keyring *ring)
{
	if (ring == NULL)
		return;
	keyring_halt(ring);
	for (size_t i = 0; i < ring->count; i++)
		keeper_done(&ring->keepers[i]);
	free(ring->keepers);
	free(ring->state_dir);
	free(ring);
}

struct keyset *
keyring_keys(const struct keyring *ring, size_t index)
{
	struct keeper *keeper = &ring->keepers[index];
	struct keyset *set;

	(void)pthread_mutex_lock(&keeper->lock);
	set = keeper->keys == NULL ? NULL : keyset_ref(keeper->keys);
	(void)pthread_mutex_unlock(&keeper->lock);
	return set;
}

bool
keyring_fresh(const struct keyset *set, const struct source *source, int64_t mono_s)
{
	struct plan plan = { .good_s = keyset_seen_s(set) };

	return plan_usable(&plan, source, mono_s);
}

void
keyring_give(struct keyring *ring, size_t index, struct keyset *set)
{
	struct keeper *keeper = &ring->keepers[index];
	bool changed;

	(void)pthread_mutex_lock(&keeper->lock);
	keeper->plan.good_s = clock_mono_s();
	changed = keeper_settle(keeper, set, SPAN(""), keeper->plan.good_s);
	(void)pthread_mutex_unlock(&keeper->lock);
	if (changed)
		note_change(ring);
}

bool
keyring_ask(struct keyring *ring, size_t index, int64_t mono_s, uint64_t *ret_round)
{
	struct keeper *keeper = &ring->keepers[index];
	bool will = false;

	if (keeper->worker == NULL)
		return false;
	(void)pthread_mutex_lock(&keeper->lock);
	*ret_round = keeper->rounds;
	if (!atomic_load(&keeper->stop)) {
		if (!keeper->asking && !keeper->wanted &&
		    plan_wanted(&keeper->plan, &keeper->source, mono_s)) {
			keeper->wanted = true;
			worker_wake(keeper->worker);
		}
		will = (keeper->asking || keeper->wanted) && keeper->waiting < WAITING_MOST;
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return will;
}

bool
keyring_await(struct keyring *ring, size_t index, uint64_t round)
{
	struct keeper *keeper = &ring->keepers[index];
	int64_t until_us = clock_mono_us() + keeper->source.timeout_ms * INT64_C(1000);
	bool ended;

	(void)pthread_mutex_lock(&keeper->lock);
	if (keeper->waiting < WAITING_MOST) {
		keeper->waiting++;
		while (keeper->rounds == round && !atomic_load(&keeper->stop) &&
		       clock_mono_us() < until_us)
			thread_wait_us(&keeper->ended, &keeper->lock, until_us - clock_mono_us());
		keeper->waiting--;
	}
	ended = keeper->rounds != round;
	(void)pthread_mutex_unlock(&keeper->lock);
	return ended;
}

void
keyring_state(const struct keyring *ring, size_t index, struct keyring_state *ret_state)
{
	struct keeper *keeper = &ring->keepers[index];
	const struct keyset *set;

	*ret_state = (struct keyring_state){ 0 };
	(void)snprintf(ret_state->name, sizeof(ret_state->name), "%s", keeper->source.name);
	(void)pthread_mutex_lock(&keeper->lock);
	set = keeper->keys;
	ret_state->plan = keeper->plan;
	ret_state->usable =
	    set != NULL && plan_usable(&keeper->plan, &keeper->source, clock_mono_s());
	if (set != NULL) {
		ret_state->keys = keyset_count(set);
		ret_state->skipped = keyset_skipped(set);
	}
	memcpy(ret_state->last_error, keeper->last_error, sizeof(ret_state->last_error));
	ret_state->last_failure = keeper->last_failure;
	memcpy(ret_state->fetches, keeper->fetches, sizeof(ret_state->fetches));
	(void)pthread_mutex_unlock(&keeper->lock);
}

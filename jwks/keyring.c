/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "jwks/issuer_keys.h"

struct keyring {
	struct issuer_keys *issuers;
	size_t count;
	char *state_dir;
	void (*changed)(void *context);
	void (*tried)(void *context);
	void *context;
	int waiting_max;
	bool halted; /* keyring_halt() was called; only the stopping thread uses it */
};

static void
note_change(struct keyring *ring)
{
	if (ring->changed != NULL)
		ring->changed(ring->context);
}

/* Begin a round if one is due or was requested. */
static bool
begin_round(struct issuer_keys *issuer)
{
	bool due;

	(void)pthread_mutex_lock(&issuer->lock);
	due = issuer->wanted || refresh_schedule_wait_s(&issuer->schedule, clock_mono_s()) <= 0;
	issuer->wanted = false;
	issuer->asking = due;
	(void)pthread_mutex_unlock(&issuer->lock);
	return due;
}

static void
note_try(struct keyring *ring)
{
	if (ring->tried != NULL)
		ring->tried(ring->context);
}

static void
end_round(struct issuer_keys *issuer)
{
	(void)pthread_mutex_lock(&issuer->lock);
	issuer->asking = false;
	issuer->rounds++;
	(void)pthread_mutex_unlock(&issuer->lock);
	note_try(issuer->ring);
}

static int64_t
wait_us(struct issuer_keys *issuer)
{
	int64_t left_s;

	(void)pthread_mutex_lock(&issuer->lock);
	left_s = refresh_schedule_wait_s(&issuer->schedule, clock_mono_s());
	(void)pthread_mutex_unlock(&issuer->lock);
	return (left_s < 0 ? 0 : left_s > 60 ? 60 : left_s) * INT64_C(1000000);
}

static int64_t
step(void *context)
{
	struct issuer_keys *issuer = context;

	if (begin_round(issuer)) {
		if (issuer_keys_ask(issuer, clock_mono_s()))
			note_change(issuer->ring);
		end_round(issuer);
		issuer_keys_keep(issuer);
	}
	return wait_us(issuer);
}

static struct issuer_keys *
earlier_of(const struct keyring *previous, const struct issuer_keys *issuer)
{
	for (size_t i = 0; previous != NULL && i < previous->count; i++)
		if (issuer_keys_alike(&previous->issuers[i], issuer))
			return &previous->issuers[i];
	return NULL;
}

static bool
start_issuer(struct keyring *ring, struct issuer_keys *issuer, const struct keyring *previous,
    struct err *reterr)
{
	if (issuer->source.kind == SOURCE_GIVEN)
		return true;
	if (issuer->source.kind == SOURCE_FILE) {
		issuer->reported_bad = true; /* the caller reports a bad file */
		(void)issuer_keys_ask(issuer, clock_mono_s());
		if (issuer->schedule.good_s == 0)
			return err_set(
			    reterr, "issuer %s: %s", issuer->source.name, issuer->last_error);
	} else {
		issuer_keys_recall(issuer, earlier_of(previous, issuer));
	}
	issuer->ring = ring;
	return worker_start(step, issuer, &issuer->worker, reterr);
}

bool
keyring_start(const struct keyring_setup *setup, struct keyring **ret_ring, struct err *reterr)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	bool good = ring != NULL;

	if (good) {
		ring->changed = setup->changed;
		ring->tried = setup->tried;
		ring->context = setup->context;
		ring->waiting_max = setup->waiting_max;
		ring->issuers = calloc(setup->count + 1, sizeof(*ring->issuers));
		if (setup->state_dir != NULL)
			ring->state_dir = strdup(setup->state_dir);
		good =
		    ring->issuers != NULL && (setup->state_dir == NULL || ring->state_dir != NULL);
	}
	if (!good) {
		keyring_stop(ring);
		return err_set(reterr, "out of memory");
	}
	for (size_t i = 0; good && i < setup->count; i++) {
		good = issuer_keys_init(
		    &ring->issuers[i], &setup->sources[i], ring->state_dir, reterr);
		ring->count++;
		good = good && start_issuer(ring, &ring->issuers[i], setup->previous, reterr);
	}
	if (!good) {
		keyring_stop(ring);
		return false;
	}
	*ret_ring = ring;
	return true;
}

/* Signal all threads before waiting for the first one. */
void
keyring_halt(struct keyring *ring)
{
	if (ring->halted)
		return;
	ring->halted = true;
	for (size_t i = 0; i < ring->count; i++) {
		struct issuer_keys *issuer = &ring->issuers[i];

		(void)pthread_mutex_lock(&issuer->lock);
		atomic_store(&issuer->stop, true);
		(void)pthread_mutex_unlock(&issuer->lock);
	}
	note_try(ring);
	for (size_t i = 0; i < ring->count; i++)
		worker_stop(ring->issuers[i].worker);
}

void
keyring_stop(struct keyring *ring)
{
	if (ring == NULL)
		return;
	keyring_halt(ring);
	for (size_t i = 0; i < ring->count; i++)
		issuer_keys_done(&ring->issuers[i]);
	free(ring->issuers);
	free(ring->state_dir);
	free(ring);
}

struct keyset *
keyring_keys(const struct keyring *ring, size_t index)
{
	struct issuer_keys *issuer = &ring->issuers[index];
	struct keyset *set;

	(void)pthread_mutex_lock(&issuer->lock);
	set = issuer->keys == NULL ? NULL : keyset_ref(issuer->keys);
	(void)pthread_mutex_unlock(&issuer->lock);
	return set;
}

bool
keyring_fresh(const struct keyset *set, const struct source *source, int64_t mono_s)
{
	struct refresh_schedule schedule = { .good_s = keyset_seen_s(set) };

	return refresh_schedule_usable(&schedule, source, mono_s);
}

void
keyring_give(struct keyring *ring, size_t index, struct keyset *set)
{
	struct issuer_keys *issuer = &ring->issuers[index];
	bool changed;

	(void)pthread_mutex_lock(&issuer->lock);
	issuer->schedule.good_s = clock_mono_s();
	changed = issuer_keys_settle(issuer, set, SPAN(""), issuer->schedule.good_s);
	(void)pthread_mutex_unlock(&issuer->lock);
	if (changed)
		note_change(ring);
}

bool
keyring_join(struct keyring *ring, size_t index, int64_t mono_s, struct keyring_try *ret_try)
{
	struct issuer_keys *issuer = &ring->issuers[index];
	bool will = false;

	if (issuer->worker == NULL)
		return false;
	(void)pthread_mutex_lock(&issuer->lock);
	*ret_try = (struct keyring_try){ .index = index,
		.round = issuer->rounds,
		.until_us = clock_mono_us() + issuer->source.timeout_ms * INT64_C(1000) };
	if (!atomic_load(&issuer->stop)) {
		if (!issuer->asking && !issuer->wanted &&
		    refresh_schedule_wanted(&issuer->schedule, &issuer->source, mono_s)) {
			issuer->wanted = true;
			worker_wake(issuer->worker);
		}
		will = (issuer->asking || issuer->wanted) && issuer->waiting < ring->waiting_max;
	}
	if (will)
		issuer->waiting++;
	(void)pthread_mutex_unlock(&issuer->lock);
	return will;
}

void
keyring_leave(struct keyring *ring, const struct keyring_try *waited)
{
	struct issuer_keys *issuer = &ring->issuers[waited->index];

	(void)pthread_mutex_lock(&issuer->lock);
	issuer->waiting--;
	(void)pthread_mutex_unlock(&issuer->lock);
}

bool
keyring_tried(const struct keyring *ring, const struct keyring_try *waited)
{
	struct issuer_keys *issuer = &ring->issuers[waited->index];
	bool over;

	(void)pthread_mutex_lock(&issuer->lock);
	over = issuer->rounds != waited->round || atomic_load(&issuer->stop);
	(void)pthread_mutex_unlock(&issuer->lock);
	return over;
}

void
keyring_state(const struct keyring *ring, size_t index, struct keyring_state *ret_state)
{
	struct issuer_keys *issuer = &ring->issuers[index];
	const struct keyset *set;

	*ret_state = (struct keyring_state){ 0 };
	(void)snprintf(ret_state->name, sizeof(ret_state->name), "%s", issuer->source.name);
	(void)pthread_mutex_lock(&issuer->lock);
	set = issuer->keys;
	ret_state->schedule = issuer->schedule;
	ret_state->usable = set != NULL && refresh_schedule_usable(
					       &issuer->schedule, &issuer->source, clock_mono_s());
	if (set != NULL) {
		ret_state->keys = keyset_count(set);
		ret_state->skipped = keyset_skipped(set);
	}
	memcpy(ret_state->last_error, issuer->last_error, sizeof(ret_state->last_error));
	ret_state->last_failure = issuer->last_failure;
	memcpy(ret_state->fetches, issuer->fetches, sizeof(ret_state->fetches));
	(void)pthread_mutex_unlock(&issuer->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hold.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#define SHARDS 16
#define LINE_BYTES 64

/*
 * While an object is current, each shard counts the references taken minus those released on that
 * shard; only the sum of all shards is meaningful, and it is never needed. When the object is
 * replaced, the shards' counts move to the object's own counter, and later releases go there. Until
 * all have moved, a large bias on that counter prevents it from reaching zero early.
 */
#define WHOLE (INT64_C(1) << 40)

struct shard {
	_Alignas(LINE_BYTES) pthread_mutex_t lock;
	struct held *now;
	int64_t count;
};

struct hold {
	struct shard shards[SHARDS];
};

/* The current processor's shard. Any other shard is correct too, but slower. */
static struct shard *
shard_here(struct hold *hold)
{
	int cpu = sched_getcpu();

	return &hold->shards[cpu < 0 ? 0 : cpu % SHARDS];
}

struct hold *
hold_new(void)
{
	struct hold *hold = aligned_alloc(LINE_BYTES, sizeof(*hold));

	if (hold == NULL)
		return NULL;
	for (int i = 0; i < SHARDS; i++) {
		(void)pthread_mutex_init(&hold->shards[i].lock, NULL);
		hold->shards[i].now = NULL;
		hold->shards[i].count = 0;
	}
	return hold;
}

void
hold_free(struct hold *hold)
{
	if (hold == NULL)
		return;
	hold_replace(hold, NULL);
	for (int i = 0; i < SHARDS; i++)
		(void)pthread_mutex_destroy(&hold->shards[i].lock);
	free(hold);
}

struct held *
hold_take(struct hold *hold)
{
	struct shard *shard = shard_here(hold);
	struct held *held;

	(void)pthread_mutex_lock(&shard->lock);
	held = shard->now;
	if (held != NULL)
		shard->count++;
	(void)pthread_mutex_unlock(&shard->lock);
	return held;
}

static void
give_up(struct held *held, int64_t shares)
{
	if (atomic_fetch_sub(&held->count, shares) == shares)
		held->free_it(held);
}

void
hold_release(struct held *held)
{
	struct shard *shard;
	bool there;

	if (held == NULL)
		return;
	shard = shard_here(held->hold);
	(void)pthread_mutex_lock(&shard->lock);
	there = shard->now == held;
	if (there)
		shard->count--;
	(void)pthread_mutex_unlock(&shard->lock);
	if (!there)
		give_up(held, 1);
}

void
hold_replace(struct hold *hold, struct held *held)
{
	struct held *former;

	if (held != NULL) {
		held->hold = hold;
		atomic_init(&held->count, WHOLE);
	}
	/* Switch all shards together: a thread that has seen the new object must not get the old
	 * one afterwards. */
	for (int i = 0; i < SHARDS; i++)
		(void)pthread_mutex_lock(&hold->shards[i].lock);
	former = hold->shards[0].now;
	for (int i = 0; i < SHARDS; i++) {
		if (former != NULL)
			atomic_fetch_add(&former->count, hold->shards[i].count);
		hold->shards[i].now = held;
		hold->shards[i].count = 0;
	}
	for (int i = 0; i < SHARDS; i++)
		(void)pthread_mutex_unlock(&hold->shards[i].lock);
	if (former != NULL)
		give_up(former, WHOLE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys by which tokens of this issuer are judged: its own, and those of other gates. */
#include <string.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "issuer/endpoint.h"

bool
issuer_keys(const struct issuer *issuer, struct keyset **ret_keys, struct err *reterr)
{
	struct buffer json;
	bool done;

	buffer_init(&json, KEYSET_MAX_BYTES);
	epoch_enter();
	issuer_jwks(issuer, &json);
	epoch_leave();
	done = keyset_parse(buffer_span(&json), ret_keys, reterr) ||
	       err_within(reterr, "local issuer");
	buffer_done(&json);
	return done;
}

const struct keyset *
issuer_keyset(const struct issuer *issuer)
{
	return atomic_load(&issuer->keys);
}

static void
free_keys(void *keys)
{
	keyset_free(keys);
}

/* A set that cannot be read would keep a retired key in force: then there is none. */
bool
issuer_keys_take(struct issuer *issuer, struct err *reterr)
{
	struct keyset *keys = NULL, *old;
	bool done;

	(void)pthread_mutex_lock(&issuer->keys_lock);
	done = issuer_keys(issuer, &keys, reterr);
	old = atomic_exchange(&issuer->keys, done ? keys : NULL);
	atomic_fetch_add(&issuer->generation, 1);
	(void)pthread_mutex_unlock(&issuer->keys_lock);
	if (old != NULL)
		epoch_retire(old, free_keys);
	return done;
}

void
issuer_keys_changed(struct issuer *issuer)
{
	struct err err;

	if (!issuer_keys_take(issuer, &err))
		log_event(LOG_ERROR, "signing_keys_failed", "%s", err.text);
}

/* --- keys of other gates --- */

/* Without memory what was read before stays. */
void
issuer_keys_shared(void *context, const struct store_key *first)
{
	struct issuer *issuer = context;
	struct shared_keys_reader reader = { issuer->local.issuer, issuer->gate_id, clock_now_s() };
	struct shared_keys *shared = NULL, *old;
	bool same;

	if (!shared_keys_make(first, &reader, &shared)) {
		log_event(LOG_ERROR, "shared_keys_failed", "no memory");
		return;
	}
	old = atomic_exchange(&issuer->shared, shared);
	same = shared_keys_same(old, shared);
	if (shared->skipped > 0 && (old == NULL || old->skipped != shared->skipped))
		log_event(LOG_WARN, "shared_key_skipped",
		    "%zu keys in the database are not used; the first one: %s", shared->skipped,
		    shared->why.text);
	if (old != NULL)
		epoch_retire(old, shared_keys_free);
	if (!same)
		issuer_keys_changed(issuer);
}

static int64_t
shared_end_s(void *context)
{
	const struct issuer *issuer = context;
	const struct shared_keys *shared;
	int64_t ends_s;

	epoch_enter();
	shared = atomic_load(&issuer->shared);
	ends_s = shared == NULL ? INT64_MAX : shared->ends_s;
	epoch_leave();
	return ends_s;
}

bool
issuer_keys_publish(struct issuer *issuer, struct err *reterr)
{
	struct key_publisher_setup setup = { .signing = issuer->signing,
		.watch = issuer->watch,
		.issuer = issuer->local.issuer,
		.gate = issuer->gate_id,
		.ends_s = shared_end_s,
		.reread = issuer_keys_shared,
		.context = issuer };

	return key_publisher_start(&setup, &issuer->publisher, reterr);
}

/* Each key once: one that several gates have is listed as our own. */
void
issuer_jwks(const struct issuer *issuer, struct buffer *json)
{
	const struct shared_keys *shared = atomic_load(&issuer->shared);
	const struct signing_set *own = signing_now(issuer->signing);
	size_t i, j;

	signing_jwks(issuer->signing, json);
	if (shared == NULL || shared->count == 0 || json->failed)
		return;
	json->len -= sizeof("]}") - 1;
	for (i = 0; i < shared->count; i++) {
		for (j = 0; j < i && strcmp(shared->keys[j].kid, shared->keys[i].kid) != 0; j++)
			continue;
		if (j == i && signing_set_find(own, shared->keys[i].kid) == SIZE_MAX)
			buffer_format(json, ",%s", shared->keys[i].jwk);
	}
	buffer_add_text(json, "]}");
}

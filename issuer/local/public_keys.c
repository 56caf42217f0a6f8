/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys that verify tokens of this issuer: its own, and those of other gates. */
#include "base/clock.h"
#include "base/log.h"
#include "issuer/local/running.h"

bool
issuer_keys(struct issuer *issuer, struct keyset **ret_keys, struct err *reterr)
{
	struct buffer json;
	bool done;

	buffer_init(&json, KEYSET_MAX_BYTES);
	metadata_jwks(&issuer->server, &json);
	done = keyset_parse(buffer_span(&json), ret_keys, reterr) ||
	       err_within(reterr, "local issuer");
	buffer_done(&json);
	return done;
}

/* If the set cannot be made, use none: the previous one may contain a retired key. */
bool
issuer_keys_take(struct issuer *issuer, struct err *reterr)
{
	struct keyset *keys = NULL, *old;
	bool done;

	(void)pthread_mutex_lock(&issuer->keys_lock);
	done = issuer_keys(issuer, &keys, reterr);
	(void)pthread_mutex_lock(&issuer->server.parts_lock);
	old = issuer->server.parts.keys;
	issuer->server.parts.keys = done ? keys : NULL;
	(void)pthread_mutex_unlock(&issuer->server.parts_lock);
	(void)pthread_mutex_unlock(&issuer->keys_lock);
	keyset_free(old);
	return done;
}

void
issuer_keys_changed(struct issuer *issuer)
{
	struct err err;

	if (!issuer_keys_take(issuer, &err))
		log_event(LOG_ERROR, "signing_keys_failed", "%s", err.text);
	issuer_changed(issuer);
}

/* --- keys of other gates --- */

/* Without memory the previous keys stay. */
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
	(void)pthread_mutex_lock(&issuer->server.parts_lock);
	old = issuer->server.shared;
	issuer->server.shared = shared;
	(void)pthread_mutex_unlock(&issuer->server.parts_lock);
	same = shared_keys_same(old, shared);
	if (shared->skipped > 0 && (old == NULL || old->skipped != shared->skipped))
		log_event(LOG_WARN, "shared_key_skipped",
		    "%zu keys in the database are not used; the first one: %s", shared->skipped,
		    shared->why.text);
	shared_keys_free(old);
	if (!same)
		issuer_keys_changed(issuer);
}

static int64_t
shared_end_s(void *context)
{
	struct issuer *issuer = context;
	int64_t ends_s;

	(void)pthread_mutex_lock(&issuer->server.parts_lock);
	ends_s = issuer->server.shared == NULL ? INT64_MAX : issuer->server.shared->ends_s;
	(void)pthread_mutex_unlock(&issuer->server.parts_lock);
	return ends_s;
}

bool
issuer_keys_publish(struct issuer *issuer, struct err *reterr)
{
	struct key_publisher_setup setup = { .signing = issuer->server.signing,
		.sync = issuer->server.sync,
		.issuer = issuer->local.issuer,
		.gate = issuer->gate_id,
		.ends_s = shared_end_s,
		.reread = issuer_keys_shared,
		.context = issuer };

	return key_publisher_start(&setup, &issuer->publisher, reterr);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/endpoint.h"

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"

#define ARENA_MOST ((size_t)1 << 30)

bool
revoke_read(void *context, struct store *store, struct err *reterr)
{
	struct issuer *issuer = context;
	struct revocation *revocation = NULL;
	struct arena arena;
	size_t before = revoked_count(issuer->revoked);
	bool any, done;

	arena_init(&arena, ARENA_MOST);
	done = store_revocations(store, &issuer->revocations_seq, &arena, &revocation, reterr);
	any = done && revocation != NULL;
	for (; done && revocation != NULL; revocation = revocation->next)
		if (!revoked_add(issuer->revoked, revocation))
			done = err_set(reterr, "no memory for what is revoked");
	arena_done(&arena);
	/* Verdicts made before do not count any more. */
	if (any)
		atomic_fetch_add(&issuer->generation, 1);
	if (any && before > 0)
		log_event(LOG_INFO, "revocations_changed", "%zu are revoked, %zu before",
		    revoked_count(issuer->revoked), before);
	return done;
}

bool
issuer_revoked(const struct issuer *issuer, const struct revoked_question *question)
{
	return revoked_has(issuer->revoked, question);
}

static bool
write_down(void *context, struct store *store, struct err *reterr)
{
	return store_revoke(store, context, reterr);
}

bool
issuer_revoke(struct issuer *issuer, const struct revocation *revocation, struct err *reterr)
{
	struct revocation copy = *revocation;

	return watch_write(issuer->watch, write_down, &copy, reterr);
}

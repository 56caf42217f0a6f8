/* SPDX-License-Identifier: Apache-2.0 */
/* Replace the clients, users and revocations in memory by those of the store. */
#include "base/clock.h"
#include "base/log.h"
#include "issuer/local/running.h"

/* A token may last so much longer for a verifier whose clock is behind. */
#define SKEW_MAX_S 300

/* Old signing keys stay published as long as the longest token that may have been issued. */
static void
keep_keys(struct issuer *issuer, const struct directory *directory)
{
	int64_t longest_s = directory_longest_s(directory);

	if (longest_s < issuer->local.token_lifetime_s)
		longest_s = issuer->local.token_lifetime_s;
	signing_keep(issuer->server.signing, longest_s + SKEW_MAX_S);
}

void
issuer_changed(struct issuer *issuer)
{
	atomic_fetch_add(&issuer->generation, 1);
	if (issuer->changed != NULL)
		issuer->changed(issuer->context);
}

/* taken: `directory`. On the thread of store_sync, and once on the starting one. */
void
issuer_directory_take(void *context, struct directory *directory)
{
	struct issuer *issuer = context;
	struct directory *old = issuer->server.parts.directory; /* replaced by us alone */
	size_t before, now = directory_count(directory);
	bool clients_too;

	if (old != NULL && directory_same(old, directory)) {
		directory_unref(directory);
		return;
	}
	keep_keys(issuer, directory);
	clients_too = old != NULL && !directory_clients_same(old, directory);
	before = old == NULL ? 0 : directory_count(old);
	(void)pthread_mutex_lock(&issuer->server.parts_lock);
	issuer->server.parts.directory = directory;
	(void)pthread_mutex_unlock(&issuer->server.parts_lock);
	atomic_store(&issuer->expiry_stale, true);
	if (old == NULL) {
		atomic_fetch_add(&issuer->generation, 1);
		return;
	}
	directory_unref(old);
	if (clients_too)
		log_event(LOG_INFO, "clients_changed", "clients: %zu, before: %zu", now, before);
	issuer_changed(issuer);
}

/* Notify last, when the new part is in place. */
bool
issuer_revoked_take(void *context, const struct revocation *first, struct err *reterr)
{
	struct issuer *issuer = context;
	struct revoked *revoked = revoked_ref(issuer->server.parts.revoked),
		       *old; /* replaced by us alone */
	int64_t now_s = clock_now_s();
	bool done = true;
	bool first_time = !issuer->steady.seen;

	/* What a clock says is over that was set lately, or was never seen before, is not
	 * forgotten. */
	if (!steady_look(&issuer->steady, now_s, clock_mono_s(), NULL) || first_time)
		now_s = 0;

	for (const struct revocation *one = first; done && one != NULL; one = one->next)
		done = revoked_add(&revoked, one, now_s, reterr);
	(void)pthread_mutex_lock(&issuer->server.parts_lock);
	old = issuer->server.parts.revoked;
	issuer->server.parts.revoked = revoked;
	(void)pthread_mutex_unlock(&issuer->server.parts_lock);
	revoked_unref(old);
	if (first != NULL)
		issuer_changed(issuer);
	return done;
}

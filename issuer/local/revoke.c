/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/running.h"

#include "base/clock.h"
#include "base/steady.h"
#include "issuer/accounts/revoke_write.h"

/* Told of last: who looks then finds it. */
bool
revoke_take(void *context, const struct revocation *first, struct err *reterr)
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

bool
issuer_revoke(
    struct issuer *issuer, const struct revocation *revocation, bool *ret_new, struct err *reterr)
{
	return revoke_write(issuer->server.sync, revocation, ret_new, reterr);
}

int64_t
issuer_database_away_s(const struct issuer *issuer, struct err *ret_why)
{
	return store_sync_away_s(issuer->server.sync, ret_why);
}

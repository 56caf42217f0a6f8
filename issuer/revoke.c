/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/endpoint.h"

#include "base/clock.h"
#include "base/steady.h"

/* Told of last: who looks then finds it. */
bool
revoke_take(void *context, const struct revocation *first, struct err *reterr)
{
	struct issuer *issuer = context;
	struct revoked *revoked = revoked_ref(issuer->parts.revoked),
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
	(void)pthread_mutex_lock(&issuer->parts_lock);
	old = issuer->parts.revoked;
	issuer->parts.revoked = revoked;
	(void)pthread_mutex_unlock(&issuer->parts_lock);
	revoked_unref(old);
	if (first != NULL)
		issuer_changed(issuer);
	return done;
}

struct revoking {
	const struct revocation *revocation;
	bool new;
};

static bool
write_down(struct store *store, void *context, struct err *reterr)
{
	struct revoking *revoking = context;

	return store_revoke(store, revoking->revocation, &revoking->new, reterr);
}

bool
issuer_revoke(
    struct issuer *issuer, const struct revocation *revocation, bool *ret_new, struct err *reterr)
{
	struct revoking revoking = { .revocation = revocation };
	struct watch_change change = { write_down, &revoking };

	if (!watch_change(issuer->watch, &change, reterr))
		return false;
	*ret_new = revoking.new;
	return true;
}

int64_t
issuer_database_away_s(const struct issuer *issuer, struct err *ret_why)
{
	return watch_away_s(issuer->watch, ret_why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/revoke_write.h"

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
revoke_write(
    struct store_sync *sync, const struct revocation *revocation, bool *ret_new, struct err *reterr)
{
	struct revoking revoking = { .revocation = revocation };
	struct store_sync_change change = { write_down, &revoking };

	if (!store_sync_change(sync, &change, reterr))
		return false;
	*ret_new = revoking.new;
	return true;
}

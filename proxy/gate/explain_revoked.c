/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_revoked.h"

#include "issuer/store/store.h"

bool
explain_revoked(
    const struct explain_revoked *asked, struct explanation *explanation, struct err *reterr)
{
	struct store_revocations found = { 0 };
	struct store *store = NULL;
	bool done;

	done = store_open_again(asked->config->local.database, &store, reterr) &&
	       store_revocations(store, &(struct store_after){ 0, asked->arena }, &found, reterr);
	for (const struct revocation *one = found.first; one != NULL; one = one->next) {
		if (!revocation_fits(one, &asked->decision->revoked))
			continue;
		explanation->revoked_by = one->by;
		explanation->revoked_s = one->created_s;
	}
	store_close(store);
	return done;
}

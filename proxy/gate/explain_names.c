/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_names.h"

#include "base/nearest.h"
#include "issuer/admin/account.h"
#include "issuer/store/store.h"
#include "token/issuer_match.h"

#define ARENA_MAX (1u << 20)

bool
explain_no_client(const struct config *config, const char *name, struct err *reterr)
{
	struct client *client = NULL;
	struct store *store = NULL;
	struct arena arena;

	if (!config->has_local)
		return err_set(reterr, "there is no local_issuer, so there are no clients");
	arena_init(&arena, ARENA_MAX);
	if (store_open_again(config->local.database, &store, reterr) &&
	    admin_find(store, &(struct store_wanted){ name, &arena }, &client, reterr) == ADMIN_OK)
		(void)err_set(reterr, "client %.128s was added just now: ask again", name);
	store_close(store);
	arena_done(&arena);
	return false;
}

bool
explain_no_issuer(const struct config *config, const char *name, struct err *reterr)
{
	struct nearest nearest = issuer_match_nearest(
	    config->trusted_issuers, config->trusted_issuer_count, span_of(name));
	char hint[NEAREST_HINT];

	return err_set(reterr, "the configuration names no issuer \"%.128s\"%s", name,
	    nearest_hint(&nearest, hint));
}

const char *
explain_no_user(const struct config *config, const char *name, struct arena *arena)
{
	const char *text = NULL;
	struct store *store = NULL;
	struct user *user = NULL;
	struct err err;

	if (config->has_local && store_open_again(config->local.database, &store, &err) &&
	    account_find(store, &(struct store_wanted){ name, arena }, &user, &err) == ADMIN_NO)
		text = arena_text(arena, span_of(err.text));
	store_close(store);
	return text != NULL ? text : "there is no such user";
}

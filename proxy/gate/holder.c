/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/holder.h"

#include "issuer/model/incarnation.h"
#include "token/detail.h"

static bool
is_local(const struct judge_inputs *inputs, const struct claims *claims)
{
	const struct config *config = inputs->config;

	return config->has_local &&
	       claims->trusted_issuer == &config->trusted_issuers[config->local_index];
}

/* A token without a client belongs to a user: `postern token --user`. */
static enum reason
find_user(
    const struct judge_inputs *inputs, const struct claims *claims, struct principal_store *store)
{
	const struct user *user = snapshot_user(inputs->snapshot, claims->subject);

	if (user == NULL || user->disabled || !incarnation_fits(user->incarnation, claims->payload))
		return REASON_CLIENT_DISABLED;
	store->user = user->name;
	store->roles = user->roles;
	return REASON_OK;
}

enum reason
holder_find(
    const struct judge_inputs *inputs, const struct claims *claims, struct principal_store *store)
{
	const struct client *client;

	if (!is_local(inputs, claims))
		return REASON_OK;
	if (claims->client.at == NULL)
		return find_user(inputs, claims, store);
	client = snapshot_client(inputs->snapshot, claims->client);
	if (client == NULL || client->disabled ||
	    !incarnation_fits(client->incarnation, claims->payload))
		return REASON_CLIENT_DISABLED;
	store->client_name = client->name;
	store->roles = client->roles;
	return REASON_OK;
}

const char *
holder_missing(const struct judge_inputs *inputs, const struct claims *claims, struct arena *arena)
{
	bool of_user = claims->client.at == NULL;
	struct span id = of_user ? claims->subject : claims->client;
	const struct client *client = of_user ? NULL : snapshot_client(inputs->snapshot, id);
	const struct user *user = of_user ? snapshot_user(inputs->snapshot, id) : NULL;
	const char *noun = of_user ? "user" : "client", *shown = detail_quote(arena, id);

	if (client == NULL && user == NULL)
		return arena_format(arena, "there is no %s %s (any more)", noun, shown);
	if (client != NULL ? client->disabled : user->disabled)
		return arena_format(arena, "the %s %s is disabled", noun, shown);
	return arena_format(
	    arena, "the %s %s was deleted and added anew since: ask for a new token", noun, shown);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint_fast64_t serials;

static struct snapshot *
of_held(struct held *held)
{
	return (struct snapshot *)(void *)held;
}

static void
free_held(struct held *held)
{
	snapshot_free(of_held(held));
}

static bool
is_local(const struct snapshot *snapshot, size_t issuer_index)
{
	return snapshot->config->has_local && issuer_index == snapshot->config->local_index;
}

/* Take references to the current parts. */
static void
fill(struct snapshot *snapshot)
{
	struct services *services = snapshot->services;

	if (services->issuer != NULL) {
		issuer_parts_take(services->issuer, &snapshot->local);
		snapshot->login = issuer_login(services->issuer);
	}
	for (size_t i = 0; i < snapshot->config->trusted_issuer_count; i++)
		if (!is_local(snapshot, i))
			snapshot->keys[i] = keyring_keys(services->ring, i);
	snapshot->local_counts = services_local_counts(services);
}

struct snapshot *
snapshot_new(struct services *services)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL)
		return NULL;
	snapshot->held.free_it = free_held;
	snapshot->serial = atomic_fetch_add(&serials, 1) + 1;
	snapshot->config = services->config;
	snapshot->services = services_ref(services);
	snapshot->keys =
	    calloc(services->config->trusted_issuer_count + 1, sizeof(*snapshot->keys));
	if (snapshot->keys == NULL) {
		snapshot_free(snapshot);
		return NULL;
	}
	fill(snapshot);
	return snapshot;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (size_t i = 0; snapshot->keys != NULL && i < snapshot->config->trusted_issuer_count;
	    i++)
		keyset_free(snapshot->keys[i]);
	free(snapshot->keys);
	issuer_parts_drop(&snapshot->local);
	services_unref(snapshot->services);
	free(snapshot);
}

struct snapshot *
snapshot_take(struct hold *hold)
{
	return of_held(hold_take(hold));
}

void
snapshot_release(struct snapshot *snapshot)
{
	hold_release(snapshot == NULL ? NULL : &snapshot->held);
}

void
snapshot_replace(struct hold *hold, struct snapshot *snapshot)
{
	hold_replace(hold, snapshot == NULL ? NULL : &snapshot->held);
}

const struct keyset *
snapshot_keys(const struct snapshot *snapshot, size_t issuer_index, int64_t mono_s)
{
	const struct keyset *keys;

	if (is_local(snapshot, issuer_index))
		return snapshot->local.keys;
	keys = snapshot->keys == NULL ? NULL : snapshot->keys[issuer_index];
	if (keys == NULL ||
	    !keyring_fresh(keys, &snapshot->config->trusted_issuers[issuer_index].source, mono_s))
		return NULL;
	return keys;
}

const struct client *
snapshot_client(const struct snapshot *snapshot, struct span client_id)
{
	return snapshot->local.directory == NULL
		   ? NULL
		   : directory_by_id(snapshot->local.directory, client_id);
}

const struct user *
snapshot_user(const struct snapshot *snapshot, struct span name)
{
	return snapshot->local.directory == NULL ? NULL
						 : directory_user(snapshot->local.directory, name);
}

bool
snapshot_revoked(const struct snapshot *snapshot, const struct revoked_question *question)
{
	return snapshot->local.revoked != NULL && revoked_has(snapshot->local.revoked, question);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/world.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

static atomic_uint_fast64_t serials;

static const struct keyset *
find_keys(const void *context, size_t profile, int64_t mono_s)
{
	const struct world *world = context;

	if (world->issuer != NULL && profile == world->config->local_index)
		return issuer_keyset(world->issuer);
	return keyring_keys(world->ring, profile, mono_s);
}

static const struct client *
find_client(const void *context, struct span client_id)
{
	const struct world *world = context;

	return world->issuer == NULL ? NULL : issuer_client(world->issuer, client_id);
}

static const struct user *
find_user(const void *context, struct span name)
{
	const struct world *world = context;

	return world->issuer == NULL ? NULL : issuer_user(world->issuer, name);
}

static bool
local_counts(const struct world *world)
{
	if (world->config->local.accept == LOCAL_FALLBACK)
		return fallback_in_force(world->fallback);
	return world->config->local.accept == LOCAL_ALWAYS;
}

static bool
is_revoked(const void *context, const struct revoked_question *question)
{
	const struct world *world = context;

	return world->issuer != NULL && issuer_revoked(world->issuer, question);
}

struct facts
world_facts(const struct world *world, int64_t now_s)
{
	/* The stamp first: what changes after it voids what is kept under it. */
	uint64_t stamp = world_stamp(world);

	return (struct facts){
		.stamp = stamp,
		.config = world->config,
		.local_counts = local_counts(world),
		.keys = find_keys,
		.client = find_client,
		.user = find_user,
		.revoked = is_revoked,
		.login = world->issuer == NULL ? NULL : issuer_login(world->issuer),
		.world = world,
		.now_s = now_s,
		.mono_s = clock_mono_s(),
	};
}

uint64_t
world_stamp(const struct world *world)
{
	uint64_t stamp = world->serial << 40;

	stamp += keyring_generation(world->ring) + fallback_changes(world->fallback);
	if (world->issuer != NULL)
		stamp += issuer_generation(world->issuer);
	return stamp;
}

/* The upstream of that URL, if this world has it: one pool, and one set of counters, for each. */
static struct upstream *
find_upstream(const struct world *world, const char *url)
{
	if (world->upstream != NULL && strcmp(upstream_url(world->upstream), url) == 0)
		return world->upstream;
	for (size_t i = 0; world->upstreams != NULL && i < world->config->policy.module_count; i++)
		if (world->upstreams[i] != NULL &&
		    strcmp(upstream_url(world->upstreams[i]), url) == 0)
			return world->upstreams[i];
	return NULL;
}

/* What was found out about its addresses, and its connections, outlive a reload. */
static bool
open_upstream(const struct world *world, const struct world *previous, const char *url,
    struct upstream **ret_upstream, struct err *reterr)
{
	struct upstream *known = find_upstream(world, url);

	if (known == NULL && previous != NULL)
		known = find_upstream(previous, url);
	if (known == NULL)
		return upstream_new(url, ret_upstream, reterr);
	upstream_ref(known);
	*ret_upstream = known;
	return true;
}

static bool
open_upstreams(struct world *world, const struct world *previous, struct err *reterr)
{
	const struct config *config = world->config;

	world->upstreams = calloc(config->policy.module_count + 1, sizeof(*world->upstreams));
	if (world->upstreams == NULL)
		return err_set(reterr, "out of memory");
	if (config->upstream != NULL && !open_upstream(world, previous, config->upstream, &world->upstream, reterr))
		return err_within(reterr, "upstream");
	for (const struct module *module = config->policy.modules; module != NULL;
	     module = module->next)
		if (module->upstream != NULL &&
		    !open_upstream(world, previous, module->upstream,
			&world->upstreams[module->index], reterr))
			return err_within(reterr, "upstream of module %s", module->name);
	return true;
}

static bool
open_keys(struct world *world, const struct world *previous, struct err *reterr)
{
	const struct config *config = world->config;
	struct source *sources = calloc(config->profile_count + 1, sizeof(*sources));
	struct keyring_setup setup = {
		.sources = sources,
		.count = config->profile_count,
		.state_dir = config->state,
		.previous = previous == NULL ? NULL : previous->ring,
	};
	struct keyset *local = NULL;
	bool done = false;

	if (sources == NULL)
		return err_set(reterr, "out of memory");
	for (size_t i = 0; i < config->profile_count; i++)
		sources[i] = config->profiles[i].source;
	if (!keyring_start(&setup, &world->ring, reterr))
		goto out;
	if (world->issuer != NULL) {
		if (!issuer_keys(world->issuer, &local, reterr))
			goto out;
		keyring_give(world->ring, config->local_index, local);
	}
	done = true;
out:
	free(sources);
	return done;
}

/* The same database may not be watched twice, and its signing key need not be read again: a
 * local issuer configured alike moves on into the new world. */
static bool
open_issuer(struct world *world, struct world *previous, struct err *reterr)
{
	struct issuer_setup setup = {
		.local = &world->config->local,
		.state_dir = world->config->state,
		.memory = world->memory,
	};

	if (!world->config->has_local)
		return true;
	if (previous != NULL && previous->issuer != NULL && issuer_same(previous->issuer, &setup)) {
		world->issuer = issuer_ref(previous->issuer);
		return true;
	}
	return issuer_start(&setup, &world->issuer, reterr) || err_within(reterr, "local issuer");
}

/* Who does not count gives no tokens either. */
static void
tell_issuer(const struct world *world)
{
	if (world->issuer != NULL)
		issuer_stand_by(world->issuer, world->config->local.accept == LOCAL_FALLBACK &&
						   !fallback_in_force(world->fallback));
}

bool
world_new(
    struct config *config, struct world *previous, struct world **ret_world, struct err *reterr)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL) {
		config_free(config);
		return err_set(reterr, "out of memory");
	}
	world->config = config;
	world->serial = atomic_fetch_add(&serials, 1) + 1;
	world->fallback =
	    fallback_new(previous == NULL ? NULL : previous->fallback, clock_mono_s());
	world->memory = previous == NULL ? memory_new() : memory_ref(previous->memory);
	if (world->fallback == NULL || world->memory == NULL) {
		world_free(world);
		return err_set(reterr, "out of memory");
	}
	if (!open_upstreams(world, previous, reterr) || !open_issuer(world, previous, reterr) ||
	    !open_keys(world, previous, reterr)) {
		world_free(world);
		return false;
	}
	tell_issuer(world);
	*ret_world = world;
	return true;
}

/* What /readyz and /metrics say of the local issuer's keys comes from the keyring. */
static void
follow_keys(struct world *world)
{
	uint64_t generation = issuer_generation(world->issuer);
	struct keyset *keys = NULL;
	struct err err;

	if (generation == world->followed)
		return;
	world->followed = generation;
	if (issuer_keys(world->issuer, &keys, &err))
		keyring_give(world->ring, world->config->local_index, keys);
}

size_t
world_upstreams(const struct world *world, struct upstream **list, size_t room)
{
	size_t count = 0;

	if (world->upstream != NULL && count < room)
		list[count++] = world->upstream;
	for (size_t i = 0; i < world->config->policy.module_count; i++) {
		size_t k = 0;

		while (k < count && list[k] != world->upstreams[i])
			k++;
		if (world->upstreams[i] != NULL && k == count && count < room)
			list[count++] = world->upstreams[i];
	}
	return count;
}

static void
tend_upstreams(struct world *world)
{
	if (world->upstream != NULL)
		upstream_tend(world->upstream);
	for (size_t i = 0; i < world->config->policy.module_count; i++)
		if (world->upstreams[i] != NULL)
			upstream_tend(world->upstreams[i]);
}

void
world_tend(struct world *world, int64_t mono_s)
{
	tend_upstreams(world);
	if (world->issuer == NULL)
		return;
	fallback_look(world->fallback, world->config, world->ring, mono_s);
	tell_issuer(world);
	fallback_keep(world->fallback, world->config);
	follow_keys(world);
}

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	while (atomic_load(&world->holds) > 0)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	keyring_stop(world->ring);
	issuer_stop(world->issuer);
	fallback_free(world->fallback);
	memory_unref(world->memory);
	if (world->upstreams != NULL)
		for (size_t i = 0; i < world->config->policy.module_count; i++)
			upstream_unref(world->upstreams[i]);
	free(world->upstreams);
	upstream_unref(world->upstream);
	config_free(world->config);
	free(world);
}

void
world_hold(struct world *world)
{
	atomic_fetch_add(&world->holds, 1);
}

void
world_drop(struct world *world)
{
	atomic_fetch_sub(&world->holds, 1);
}

struct upstream *
world_upstream(const struct world *world, const struct module *module)
{
	if (module != NULL && world->upstreams[module->index] != NULL)
		return world->upstreams[module->index];
	return world->upstream;
}

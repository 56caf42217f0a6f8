/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/services.h"

#include <stdlib.h>

#include "base/clock.h"
#include "proxy/gate/next_count.h"
#include "proxy/listener/engines/engines.h"

#define CIVETWEB_WAITING_MAX 32

bool
services_local_counts(const struct services *services)
{
	if (services->config->local.accept == LOCAL_FALLBACK)
		return fallback_in_force(services->fallback);
	return services->config->local.accept == LOCAL_ALWAYS;
}

bool
services_has_fallback(const struct services *services)
{
	return services->config->has_local && services->config->local.accept == LOCAL_FALLBACK;
}

int64_t
services_database_away_s(const struct services *services, struct err *ret_why)
{
	return services->issuer == NULL ? -1 : issuer_database_away_s(services->issuer, ret_why);
}

/* The default one, then those of the modules; not all are there. */
static size_t
groups_of(const struct services *services)
{
	return services->groups == NULL ? 0 : services->config->policy.module_count + 1;
}

static struct group *
group_at(const struct services *services, size_t i)
{
	return i == 0 ? services->group : services->groups[i - 1];
}

static struct upstream_trust
trust_of(const struct backend *backend)
{
	return (struct upstream_trust){ backend->ca, backend->certificate, backend->key,
		backend->server_name };
}

/* The address of that origin and trust, if there is one: each has one pool, one health and one set
 * of counters. */
static struct upstream *
find_upstream(
    const struct services *services, const char *origin, const struct upstream_trust *trust)
{
	for (size_t i = 0; i < groups_of(services); i++) {
		struct group *group = group_at(services, i);

		for (size_t k = 0; group != NULL && k < group->count; k++)
			if (upstream_is(group->members[k], origin, trust))
				return group->members[k];
	}
	return NULL;
}

/* A group being filled with its addresses. */
struct opening {
	struct group *group;
	const struct backend *backend;
	struct services *services;
	const struct services *previous; /* before a reload; NULL: none */
};

/* What the checks of before have found is taken over. False: no memory. */
static bool
open_check(const struct opening *opening, struct upstream *upstream, struct health_check **check)
{
	const struct backend *backend = opening->backend;
	struct health_check_setup setup = { .upstream = upstream,
		.path = backend->check_path,
		.host = backend->host,
		.every_ms = backend->check_every_ms };

	if (backend->check_path == NULL)
		return true;
	*check = health_check_new(&setup);
	if (*check == NULL)
		return false;
	for (size_t i = 0; opening->previous != NULL && i < groups_of(opening->previous); i++) {
		struct group *group = group_at(opening->previous, i);

		for (size_t k = 0; group != NULL && k < group->count; k++)
			health_check_take_over(*check, group->checks[k]);
	}
	return true;
}

/* Resolved addresses, connections and health are taken over at a reload. */
static bool
open_upstream(const struct opening *opening, const char *origin, const struct upstream_trust *trust,
    struct err *reterr)
{
	struct health_check *check = NULL;
	struct upstream *upstream = find_upstream(opening->services, origin, trust);

	if (upstream == NULL && opening->previous != NULL)
		upstream = find_upstream(opening->previous, origin, trust);
	if (upstream != NULL)
		upstream_ref(upstream);
	else if (!upstream_new(origin, trust, &upstream, reterr))
		return false;
	if (open_check(opening, upstream, &check)) {
		group_add(opening->group, upstream, check);
		return true;
	}
	upstream_unref(upstream);
	return err_set(reterr, "out of memory");
}

static bool
open_group(struct opening *opening, const struct backend *backend, struct group **group,
    struct err *reterr)
{
	struct upstream_trust trust;

	if (backend == NULL)
		return true;
	trust = trust_of(backend);
	opening->backend = backend;
	opening->group = *group = group_new(backend->retry_share);
	if (*group == NULL)
		return err_set(reterr, "out of memory");
	for (size_t i = 0; i < backend->origin_count; i++)
		if (!open_upstream(opening, backend->origins[i], &trust, reterr))
			return false;
	return true;
}

static bool
open_upstreams(struct services *services, const struct services *previous, struct err *reterr)
{
	const struct config *config = services->config;
	struct opening opening = { .services = services, .previous = previous };

	services->groups = calloc(config->policy.module_count + 1, sizeof(*services->groups));
	if (services->groups == NULL)
		return err_set(reterr, "out of memory");
	if (!open_group(&opening, config->upstream, &services->group, reterr))
		return err_within(reterr, "upstream");
	for (const struct module *module = config->policy.modules; module != NULL;
	    module = module->next)
		if (!open_group(
			&opening, module->upstream, &services->groups[module->index], reterr))
			return err_within(reterr, "upstream of module %s", module->name);
	return true;
}

/* A flood of made-up kids cannot hold more than this: all others are refused at once because the
 * key is unknown. A thread of the engine civetweb that waits can do nothing else. */
static int
waiting_max(const struct config *config)
{
	if (config->engine == ENGINES_CIVETWEB)
		return CIVETWEB_WAITING_MAX;
	return (int)(config->limits.connections + 1) / 2;
}

static bool
open_keys(struct services *services, const struct services *previous, struct err *reterr)
{
	const struct config *config = services->config;
	struct source *sources = calloc(config->trusted_issuer_count + 1, sizeof(*sources));
	struct keyring_setup setup = {
		.sources = sources,
		.count = config->trusted_issuer_count,
		.state_dir = config->state,
		.changed = services->changed,
		.tried = services->tried,
		.context = services->context,
		.waiting_max = waiting_max(config),
		.previous = previous == NULL ? NULL : previous->ring,
	};
	struct keyset *local = NULL;
	bool done = false;

	if (sources == NULL)
		return err_set(reterr, "out of memory");
	for (size_t i = 0; i < config->trusted_issuer_count; i++)
		sources[i] = config->trusted_issuers[i].source;
	if (!keyring_start(&setup, &services->ring, reterr))
		goto out;
	if (services->issuer != NULL) {
		if (!issuer_keys(services->issuer, &local, reterr))
			goto out;
		keyring_give(services->ring, config->local_index, local);
	}
	done = true;
out:
	free(sources);
	return done;
}

/* If its configuration is unchanged, the running local issuer is moved to the new services: the
 * same database must not be watched twice, and the signing key need not be read again. */
static bool
open_issuer(struct services *services, struct services *previous, struct err *reterr)
{
	struct issuer_setup setup = {
		.local = &services->config->local,
		.state_dir = services->config->state,
		.memory = services->memory,
		.changed = services->changed,
		.context = services->context,
	};

	if (!services->config->has_local)
		return true;
	if (previous != NULL && previous->issuer != NULL && issuer_same(previous->issuer, &setup)) {
		services->issuer = issuer_ref(previous->issuer);
		return true;
	}
	return issuer_start(&setup, &services->issuer, reterr) ||
	       err_within(reterr, "local issuer");
}

/* A local issuer whose tokens are not accepted does not issue any. */
static void
tell_issuer(const struct services *services)
{
	if (services->issuer != NULL)
		issuer_stand_by(
		    services->issuer, services->config->local.accept == LOCAL_FALLBACK &&
					  !fallback_in_force(services->fallback));
}

static bool
start_all(struct services *services, struct services *previous, struct err *reterr)
{
	services->fallback =
	    fallback_new(previous == NULL ? NULL : previous->fallback, clock_mono_s());
	services->memory = previous == NULL ? memory_new() : memory_ref(previous->memory);
	services->limits = rate_limits_new(
	    &services->config->policy, previous == NULL ? NULL : previous->limits, clock_mono_us());
	if (services->config->next != NULL)
		services->next = next_count_new(services->config);
	if (services->fallback == NULL || services->memory == NULL || services->limits == NULL ||
	    (services->config->next != NULL && services->next == NULL))
		return err_set(reterr, "out of memory");
	return open_upstreams(services, previous, reterr) &&
	       open_issuer(services, previous, reterr) && open_keys(services, previous, reterr);
}

bool
services_start(
    const struct services_setup *setup, struct services **ret_services, struct err *reterr)
{
	struct services *services = calloc(1, sizeof(*services));

	if (services == NULL) {
		config_free(setup->config);
		return err_set(reterr, "out of memory");
	}
	atomic_store(&services->references, 1);
	services->config = setup->config;
	services->changed = setup->changed;
	services->tried = setup->tried;
	services->context = setup->context;
	if (!start_all(services, setup->previous, reterr)) {
		services_end(services);
		return false;
	}
	tell_issuer(services);
	*ret_services = services;
	return true;
}

/* /readyz and /metrics take the state of the local issuer's keys from the keyring. */
static void
follow_keys(struct services *services)
{
	uint64_t generation = issuer_generation(services->issuer);
	struct keyset *keys = NULL;
	struct err err;

	if (generation == services->followed)
		return;
	services->followed = generation;
	if (issuer_keys(services->issuer, &keys, &err))
		keyring_give(services->ring, services->config->local_index, keys);
}

size_t
services_upstreams_max(const struct services *services)
{
	size_t sum = 0;

	for (size_t i = 0; i < groups_of(services); i++)
		if (group_at(services, i) != NULL)
			sum += group_at(services, i)->count;
	return sum;
}

/* Add one that is not listed yet. */
static size_t
list_once(struct upstream **list, size_t count, struct upstream *upstream)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == upstream)
			return count;
	list[count] = upstream;
	return count + 1;
}

size_t
services_upstreams(const struct services *services, struct upstream **list, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < groups_of(services); i++) {
		struct group *group = group_at(services, i);

		for (size_t k = 0; group != NULL && k < group->count && count < room; k++)
			count = list_once(list, count, group->members[k]);
	}
	return count;
}

bool
services_is_up(const struct services *services, const struct upstream *upstream)
{
	for (size_t i = 0; i < groups_of(services); i++) {
		struct group *group = group_at(services, i);

		for (size_t k = 0; group != NULL && k < group->count; k++)
			if (group->members[k] == upstream && !group_is_up(group, k))
				return false;
	}
	return true;
}

/* Health checks begin here, once the services are in use: a command starts services, too. */
static void
tend_upstreams(struct services *services)
{
	for (size_t i = 0; i < groups_of(services); i++) {
		struct group *group = group_at(services, i);

		for (size_t k = 0; group != NULL && k < group->count; k++)
			upstream_tend(group->members[k]);
		if (group != NULL)
			group_start_checks(group);
	}
}

void
services_tend(struct services *services, int64_t mono_s)
{
	uint64_t before = fallback_changes(services->fallback);

	tend_upstreams(services);
	if (services->issuer == NULL)
		return;
	issuer_warn_expiry(services->issuer, clock_now_s());
	fallback_look(services->fallback, services->config, services->ring, mono_s);
	tell_issuer(services);
	if (fallback_changes(services->fallback) != before && services->changed != NULL)
		services->changed(services->context);
	fallback_keep(services->fallback, services->config);
	follow_keys(services);
}

void
services_end(struct services *services)
{
	if (services == NULL)
		return;
	if (services->ring != NULL)
		keyring_halt(services->ring);
	if (services->issuer != NULL)
		issuer_halt(services->issuer);
	for (size_t i = 0; i < groups_of(services); i++)
		if (group_at(services, i) != NULL)
			group_halt_checks(group_at(services, i));
	services_unref(services);
}

struct services *
services_ref(struct services *services)
{
	atomic_fetch_add_explicit(&services->references, 1, memory_order_relaxed);
	return services;
}

void
services_unref(struct services *services)
{
	if (services == NULL || atomic_fetch_sub(&services->references, 1) != 1)
		return;
	keyring_stop(services->ring);
	issuer_unref(services->issuer);
	fallback_free(services->fallback);
	next_count_free(services->next);
	memory_unref(services->memory);
	rate_limits_free(services->limits);
	for (size_t i = 0; i < groups_of(services); i++)
		group_free(group_at(services, i));
	free(services->groups);
	config_free(services->config);
	free(services);
}

struct group *
services_group(const struct services *services, const struct module *module)
{
	if (module != NULL && services->groups[module->index] != NULL)
		return services->groups[module->index];
	return services->group;
}

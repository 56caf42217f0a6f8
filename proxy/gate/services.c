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

static struct upstream_trust
trust_of(const struct backend *backend)
{
	return (struct upstream_trust){ backend->ca, backend->certificate, backend->key,
		backend->server_name };
}

static bool
serves(const struct upstream *upstream, const struct backend *backend)
{
	struct upstream_trust trust = trust_of(backend);

	return upstream != NULL && upstream_is(upstream, backend->origin, &trust);
}

/* The upstream of that address, if there is one: each has one pool and one set of counters. */
static struct upstream *
find_upstream(const struct services *services, const struct backend *backend)
{
	if (serves(services->upstream, backend))
		return services->upstream;
	for (size_t i = 0; services->upstreams != NULL && i < services->config->policy.module_count;
	    i++)
		if (serves(services->upstreams[i], backend))
			return services->upstreams[i];
	return NULL;
}

/* Its resolved addresses and its connections are reused after a reload. */
static struct upstream *
known_upstream(
    const struct services *services, const struct services *previous, const struct backend *backend)
{
	struct upstream *known = find_upstream(services, backend);

	return known == NULL && previous != NULL ? find_upstream(previous, backend) : known;
}

static bool
open_upstream(struct upstream *known, const struct backend *backend, struct upstream **ret_upstream,
    struct err *reterr)
{
	struct upstream_trust trust = trust_of(backend);

	if (known == NULL)
		return upstream_new(backend->origin, &trust, ret_upstream, reterr);
	upstream_ref(known);
	*ret_upstream = known;
	return true;
}

static bool
open_upstreams(struct services *services, const struct services *previous, struct err *reterr)
{
	const struct config *config = services->config;

	services->upstreams = calloc(config->policy.module_count + 1, sizeof(*services->upstreams));
	if (services->upstreams == NULL)
		return err_set(reterr, "out of memory");
	if (config->upstream != NULL &&
	    !open_upstream(known_upstream(services, previous, config->upstream), config->upstream,
		&services->upstream, reterr))
		return err_within(reterr, "upstream");
	for (const struct module *module = config->policy.modules; module != NULL;
	    module = module->next)
		if (module->upstream != NULL &&
		    !open_upstream(known_upstream(services, previous, module->upstream),
			module->upstream, &services->upstreams[module->index], reterr))
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
services_upstreams(const struct services *services, struct upstream **list, size_t room)
{
	size_t count = 0;

	if (services->upstream != NULL && count < room)
		list[count++] = services->upstream;
	for (size_t i = 0; i < services->config->policy.module_count; i++) {
		size_t k = 0;

		while (k < count && list[k] != services->upstreams[i])
			k++;
		if (services->upstreams[i] != NULL && k == count && count < room)
			list[count++] = services->upstreams[i];
	}
	return count;
}

static void
tend_upstreams(struct services *services)
{
	if (services->upstream != NULL)
		upstream_tend(services->upstream);
	for (size_t i = 0; i < services->config->policy.module_count; i++)
		if (services->upstreams[i] != NULL)
			upstream_tend(services->upstreams[i]);
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
	if (services->upstreams != NULL)
		for (size_t i = 0; i < services->config->policy.module_count; i++)
			upstream_unref(services->upstreams[i]);
	free(services->upstreams);
	upstream_unref(services->upstream);
	config_free(services->config);
	free(services);
}

struct upstream *
services_upstream(const struct services *services, const struct module *module)
{
	if (module != NULL && services->upstreams[module->index] != NULL)
		return services->upstreams[module->index];
	return services->upstream;
}

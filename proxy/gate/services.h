/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services - a configuration and what runs for it: the keyring, the local issuer, the upstreams.
 *
 * Uses:   config, upstream, issuer, jwks (keyring).
 * Shell:  starts threads and opens files.
 * Threads: services_start(), services_end() and services_tend() on one, the rest on any.
 */
#ifndef POSTERN_PROXY_GATE_SERVICES_H
#define POSTERN_PROXY_GATE_SERVICES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/local/issuer.h"
#include "jwks/keyring.h"
#include "proxy/config/config.h"
#include "proxy/gate/fallback.h"
#include "proxy/gate/rate_limits.h"
#include "proxy/upstream/group.h"

struct next_count;

struct services {
	struct config *config;
	struct keyring *ring;
	struct issuer *issuer; /* NULL without a local issuer */
	struct memory *memory; /* of local issuers, from the first services on */
	struct fallback *fallback;
	struct next_count *next; /* NULL without `policy_next` */
	uint64_t followed; /* generation of the issuer that the keyring knows; of services_tend() */
	struct rate_limits *limits; /* of the policy */
	struct group *group;        /* the default upstream; NULL when every module has its own */
	struct group **groups;      /* by module->index; NULL entries use the default */
	void (*changed)(void *context);
	void (*tried)(void *context);
	void *context;
	atomic_uint references;
};

struct services_setup {
	struct config *config; /* taken, also on failure */
	/* The services to replace, or NULL. Their keys and upstreams are taken over, and their
	 * local issuer and rates where their configuration is unchanged. */
	struct services *previous;
	/* Called on any thread after anything that decisions depend on has changed; may be NULL. */
	void (*changed)(void *context);
	/* Called on any thread when requests that wait for keys are to look again; may be NULL. */
	void (*tried)(void *context);
	void *context;
};

/* Start them. ret_services  given: services_end() them. */
MUST_CHECK bool services_start(
    const struct services_setup *setup, struct services **ret_services, struct err *reterr);

/* End their threads and drop the caller's reference; other holders may still use them. Accepts
 * NULL. */
void services_end(struct services *services);

/* Add a reference. Returns its argument. */
struct services *services_ref(struct services *services);

/* Drop a reference; the last one frees them. Does not wait. Accepts NULL. */
void services_unref(struct services *services);

/* Periodic housekeeping: update the local issuer's standby state and keys. Call from one thread.
 */
void services_tend(struct services *services, int64_t mono_s);

/* Whether tokens of the local issuer are accepted now. */
bool services_local_counts(const struct services *services);

/* Is there a local issuer that takes over when the others are down (`accept: fallback`)? */
bool services_has_fallback(const struct services *services);

/* For how many seconds the local issuer's database could not be read; -1: there is none. ret_why
 * NULL, or set to the reason. */
int64_t services_database_away_s(const struct services *services, struct err *ret_why);

/* The upstream that serves a module (NULL: no module). NULL: none is configured for it. */
struct group *services_group(const struct services *services, const struct module *module);

/* List the addresses of all upstreams, each once; lent while the services are held. Returns how
 * many, at most `room`, for which services_upstreams_max() suffices. */
size_t services_upstreams(const struct services *services, struct upstream **list, size_t room);
size_t services_upstreams_max(const struct services *services);

/* Does none of its upstreams leave that address out? */
bool services_is_up(const struct services *services, const struct upstream *upstream);

#endif

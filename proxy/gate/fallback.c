/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/fallback.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "issuer/local/standby.h"

#define FILE_NAME "fallback.json"
#define FILE_MAX 1024

struct fallback {
	struct standby standby; /* of the looking thread */
	int64_t looked_s;
	bool written;
	atomic_bool in_force;
	_Atomic int64_t since_s;
	_Atomic uint64_t changes;
};

struct fallback *
fallback_new(const struct fallback *previous, int64_t now_s)
{
	struct fallback *fallback = calloc(1, sizeof(*fallback));

	if (fallback == NULL)
		return NULL;
	if (previous == NULL) {
		fallback->standby.started_s = now_s;
	} else {
		fallback->standby = previous->standby;
		atomic_store(&fallback->in_force, fallback->standby.in_force);
		atomic_store(&fallback->since_s, fallback->standby.since_s);
		atomic_store(&fallback->changes, fallback->standby.changes);
	}
	return fallback;
}

void
fallback_free(struct fallback *fallback)
{
	free(fallback);
}

/* Write the state to STATE/fallback.json for `postern explain`; the gate itself does not read
 * it. */
static void
write_down(struct fallback *fallback, const char *state_dir)
{
	int64_t since_s = fallback->standby.since_s;
	struct buffer path, json;
	struct err err;

	buffer_init(&path, 8192);
	buffer_init(&json, FILE_MAX);
	buffer_format(&path, "%s/%s", state_dir, FILE_NAME);
	if (since_s > 0) /* for people */
		since_s = clock_unix_of_mono(since_s, clock_now_us(), clock_mono_us());
	buffer_format(&json, "{\"in_force\":%s,\"since\":%" PRId64 "}\n",
	    fallback->standby.in_force ? "true" : "false", since_s);
	fallback->written =
	    !path.failed && !json.failed && file_write(path.at, buffer_span(&json), 0600, &err);
	buffer_done(&path);
	buffer_done(&json);
}

static void
tell(const struct standby *standby)
{
	if (standby->in_force)
		log_event(LOG_WARN, "fallback_entered",
		    "every issuer is down: tokens of the local issuer are accepted now");
	else
		log_event(LOG_WARN, "fallback_left",
		    "an issuer is back: tokens of the local issuer are no longer accepted");
}

/* Publish the new state first and the number of changes second, so that a reader of the number
 * never pairs it with an older state. */
static void
publish(struct fallback *fallback)
{
	atomic_store(&fallback->in_force, fallback->standby.in_force);
	atomic_store(&fallback->since_s, fallback->standby.since_s);
	atomic_store(&fallback->changes, fallback->standby.changes);
}

static bool
step(struct fallback *fallback, const struct config *config, const struct keyring *ring,
    int64_t now_s)
{
	struct standby_issuer *issuers = calloc(config->trusted_issuer_count + 1, sizeof(*issuers));
	struct standby_inputs inputs = { .issuers = issuers, .now_s = now_s };
	struct keyring_state state;
	bool changed = false;

	if (issuers == NULL)
		return false;
	for (size_t i = 0; i < config->trusted_issuer_count; i++) {
		if (i == config->local_index)
			continue;
		keyring_state(ring, i, &state);
		issuers[inputs.count++] =
		    (struct standby_issuer){ state.usable, state.schedule.good_s };
	}
	changed = standby_step(&fallback->standby, &config->local.fallback, &inputs);
	free(issuers);
	return changed;
}

void
fallback_look(struct fallback *fallback, const struct config *config, const struct keyring *ring,
    int64_t now_s)
{
	bool changed;

	if (!config->has_local || config->local.accept != LOCAL_FALLBACK ||
	    now_s == fallback->looked_s)
		return;
	fallback->looked_s = now_s;
	changed = step(fallback, config, ring, now_s);
	if (!changed)
		return;
	publish(fallback);
	tell(&fallback->standby);
	fallback->written = false;
}

void
fallback_keep(struct fallback *fallback, const struct config *config)
{
	if (config->has_local && config->local.accept == LOCAL_FALLBACK && !fallback->written &&
	    config->state != NULL)
		write_down(fallback, config->state);
}

void
fallback_recall(struct fallback *fallback, const char *state_dir)
{
	struct buffer path;
	json_t *root = NULL;
	struct err err;

	if (state_dir == NULL)
		return;
	buffer_init(&path, 8192);
	buffer_format(&path, "%s/%s", state_dir, FILE_NAME);
	if (!path.failed && json_read_file(path.at, FILE_MAX, &root, &err)) {
		atomic_store(&fallback->in_force, json_is_true(json_object_get(root, "in_force")));
		json_decref(root);
	}
	buffer_done(&path);
}

bool
fallback_in_force(const struct fallback *fallback)
{
	return atomic_load(&fallback->in_force);
}

int64_t
fallback_since_s(const struct fallback *fallback)
{
	return atomic_load(&fallback->since_s);
}

uint64_t
fallback_changes(const struct fallback *fallback)
{
	return atomic_load(&fallback->changes);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin_metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/gate/next_count.h"
#include "proxy/io/loop.h"
#include "proxy/io/offload.h"

static void
add_keys(struct buffer *text, const struct services *services)
{
	struct keyring_state state;

	buffer_add_text(text, "# HELP postern_issuer_keys Keys in use, by issuer.\n"
			      "# TYPE postern_issuer_keys gauge\n");
	for (size_t i = 0; i < services->config->trusted_issuer_count; i++) {
		keyring_state(services->ring, i, &state);
		buffer_format(text, "postern_issuer_keys{issuer=\"%s\"} %zu\n", state.name,
		    state.usable ? state.keys : 0);
	}
	buffer_add_text(text,
	    "# HELP postern_issuer_keys_age_seconds Time since the last successful fetch.\n"
	    "# TYPE postern_issuer_keys_age_seconds gauge\n");
	for (size_t i = 0; i < services->config->trusted_issuer_count; i++) {
		keyring_state(services->ring, i, &state);
		if (state.schedule.good_s > 0)
			buffer_format(text,
			    "postern_issuer_keys_age_seconds{issuer=\"%s\"} %" PRId64 "\n",
			    state.name, clock_mono_s() - state.schedule.good_s);
	}
	buffer_add_text(text, "# HELP postern_key_fetches_total Fetches of key sets, by result.\n"
			      "# TYPE postern_key_fetches_total counter\n");
	for (size_t i = 0; i < services->config->trusted_issuer_count; i++) {
		keyring_state(services->ring, i, &state);
		for (int kind = FAILURE_NONE; kind < FAILURE_COUNT; kind++)
			buffer_format(text,
			    "postern_key_fetches_total{issuer=\"%s\",result=\"%s\"} %" PRIu64 "\n",
			    state.name, failure_word((enum failure)kind), state.fetches[kind]);
	}
}

static void
add_reload(struct buffer *text, struct reload *reload)
{
	struct reload_state state;

	reload_now(reload, &state);
	buffer_format(text,
	    "# HELP postern_build_info The running build; always 1.\n"
	    "# TYPE postern_build_info gauge\n"
	    "postern_build_info{version=\"" POSTERN_VERSION "\"} 1\n"
	    "# HELP postern_config_last_reload_successful Whether the configuration read last "
	    "is active.\n"
	    "# TYPE postern_config_last_reload_successful gauge\n"
	    "postern_config_last_reload_successful %d\n"
	    "# HELP postern_config_last_reload_success_timestamp_seconds When the active "
	    "configuration "
	    "was read.\n"
	    "# TYPE postern_config_last_reload_success_timestamp_seconds gauge\n"
	    "postern_config_last_reload_success_timestamp_seconds %" PRId64 "\n",
	    state.successful ? 1 : 0, state.success_s);
	buffer_done(&state.mistakes);
}

/* The name of one in the list: its URL, and which one it is of those with this URL, since they may
 * differ in `tls`. NULL: no memory. */
static const char *
name_upstream(struct upstream *const *list, size_t index, struct arena *arena)
{
	const char *url = upstream_url(list[index]);
	size_t place = 1;

	for (size_t i = 0; i < index; i++)
		if (strcmp(upstream_url(list[i]), url) == 0)
			place++;
	return place == 1 ? url : arena_format(arena, "%s (%zu)", url, place);
}

static bool
sample_upstreams(struct upstream *const *list, size_t count, struct upstream_sample *samples,
    struct arena *arena)
{
	bool done = true;

	for (size_t i = 0; i < count; i++) {
		samples[i] = (struct upstream_sample){
			.name = name_upstream(list, i, arena),
			.count = upstream_count(list[i]),
			.idle = upstream_idle(list[i]),
		};
		done = done && samples[i].name != NULL;
	}
	return done;
}

/* A label for each upstream that the configuration names. */
static void
add_upstreams(struct buffer *text, const struct services *services)
{
	size_t max = services_upstreams_max(services) + 1, count = 0;
	struct upstream **list = calloc(max, sizeof(struct upstream *));
	struct upstream_sample *samples = calloc(max, sizeof(*samples));
	struct arena names;

	arena_init(&names, 1u << 20);
	if (list != NULL && samples != NULL)
		count = services_upstreams(services, list, max);
	if (list == NULL || samples == NULL || !sample_upstreams(list, count, samples, &names)) {
		text->failed = true; /* without them the page is not whole */
	} else {
		for (size_t i = 0; i < count; i++)
			samples[i].up = services_is_up(services, list[i]);
		upstream_count_text(samples, count, text);
	}
	arena_done(&names);
	free(list);
	free(samples);
}

static void
add_database(struct buffer *text, const struct services *services)
{
	int64_t away_s = services_database_away_s(services, NULL);

	if (away_s >= 0)
		buffer_format(text,
		    "# HELP postern_database_up Whether the local issuer's database can be read.\n"
		    "# TYPE postern_database_up gauge\n"
		    "postern_database_up %d\n",
		    away_s == 0 ? 1 : 0);
}

static void
add_secrets(struct buffer *text, const struct services *services)
{
	struct client_expiry_count count;

	if (services->issuer == NULL)
		return;
	count = issuer_count_expiry(services->issuer, clock_now_s());
	buffer_format(text,
	    "# HELP postern_client_secrets Secrets of clients that have expired, or do within 14 "
	    "days.\n"
	    "# TYPE postern_client_secrets gauge\n"
	    "postern_client_secrets{state=\"expiring\"} %zu\n"
	    "postern_client_secrets{state=\"expired\"} %zu\n",
	    count.soon, count.expired);
	if (count.next_s != 0)
		buffer_format(text,
		    "# HELP postern_client_secret_expiry_timestamp_seconds When the next secret of "
		    "a client expires.\n"
		    "# TYPE postern_client_secret_expiry_timestamp_seconds gauge\n"
		    "postern_client_secret_expiry_timestamp_seconds %" PRId64 "\n",
		    count.next_s);
}

static void
add_fallback(struct buffer *text, const struct services *services)
{
	if (services_has_fallback(services))
		buffer_format(text,
		    "# HELP postern_fallback_active Whether tokens of the local issuer are "
		    "accepted now.\n"
		    "# TYPE postern_fallback_active gauge\n"
		    "postern_fallback_active %d\n"
		    "# HELP postern_fallback_changes_total Times that the fallback was entered or "
		    "left.\n"
		    "# TYPE postern_fallback_changes_total counter\n"
		    "postern_fallback_changes_total %" PRIu64 "\n",
		    fallback_in_force(services->fallback) ? 1 : 0,
		    fallback_changes(services->fallback));
}

static void
add_process(struct buffer *text, const struct admin *admin)
{
	buffer_format(text,
	    "# HELP postern_token_cache_total Look-ups of verified tokens.\n"
	    "# TYPE postern_token_cache_total counter\n"
	    "postern_token_cache_total{result=\"hit\"} %" PRIu64 "\n"
	    "postern_token_cache_total{result=\"miss\"} %" PRIu64 "\n"
	    "# HELP postern_token_cache_bytes Memory of the verified tokens that are kept.\n"
	    "# TYPE postern_token_cache_bytes gauge\n"
	    "postern_token_cache_bytes %zu\n"
	    "# HELP postern_log_dropped_total Log lines that were dropped.\n"
	    "# TYPE postern_log_dropped_total counter\n"
	    "postern_log_dropped_total %" PRIu64 "\n",
	    cache_hits(admin->gate->cache), cache_misses(admin->gate->cache),
	    cache_bytes(admin->gate->cache), log_dropped());
}

static int
connections_that(const struct admin *admin, enum listener_state state)
{
	int sum = 0;

	for (size_t i = 0; i < admin->listener_count; i++)
		sum += listener_count(admin->listeners[i], state);
	return sum;
}

static void
add_connections(struct buffer *text, const struct admin *admin)
{
	uint64_t sum = 0, drops;
	bool known = false;
	int open = 0;

	for (size_t i = 0; i < admin->listener_count; i++) {
		open += listener_connections(admin->listeners[i]);
		if (listener_drops(admin->listeners[i], &drops)) {
			known = true;
			sum += drops;
		}
	}
	buffer_format(text,
	    "# HELP postern_connections Open client connections.\n"
	    "# TYPE postern_connections gauge\n"
	    "postern_connections %d\n"
	    "# HELP postern_connection_states Client connections by what they do.\n"
	    "# TYPE postern_connection_states gauge\n",
	    open);
	for (int state = 0; state < LISTENER_STATES; state++)
		buffer_format(text, "postern_connection_states{state=\"%s\"} %d\n",
		    listener_state_word((enum listener_state)state),
		    connections_that(admin, (enum listener_state)state));
	if (known)
		buffer_format(text,
		    "# HELP postern_accept_drops_total Connections that the system dropped.\n"
		    "# TYPE postern_accept_drops_total counter\n"
		    "postern_accept_drops_total %" PRIu64 "\n",
		    sum);
}

static void
add_rounds(struct buffer *text, const struct loop_state *state)
{
	uint64_t sum = 0;

	buffer_add_text(text,
	    "# HELP postern_loop_lag_seconds How long a loop took for all that was ready.\n"
	    "# TYPE postern_loop_lag_seconds histogram\n");
	for (int i = 0; i < LOOP_ROUND_BUCKETS; i++) {
		sum += state->rounds[i];
		if (i < LOOP_ROUND_BUCKETS - 1)
			buffer_format(text,
			    "postern_loop_lag_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			    (double)loop_round_bounds_us[i] / 1e6, sum);
	}
	buffer_format(text,
	    "postern_loop_lag_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "postern_loop_lag_seconds_sum %.6f\n"
	    "postern_loop_lag_seconds_count %" PRIu64 "\n",
	    sum, (double)state->rounds_us / 1e6, sum);
}

static void
add_loops(struct buffer *text)
{
	struct loop_state state;

	if (loop_count() == 0)
		return;
	loop_read_state(&state);
	add_rounds(text, &state);
	buffer_format(text,
	    "# HELP postern_fibers Requests on stacks of their own, and stacks kept for more.\n"
	    "# TYPE postern_fibers gauge\n"
	    "postern_fibers{state=\"running\"} %" PRIu64 "\n"
	    "postern_fibers{state=\"kept\"} %" PRIu64 "\n"
	    "# HELP postern_slow_calls Calls for the pool of threads beside the loops.\n"
	    "# TYPE postern_slow_calls gauge\n"
	    "postern_slow_calls{state=\"busy\"} %d\n"
	    "postern_slow_calls{state=\"waiting\"} %d\n",
	    state.fibers, state.stacks, offload_busy(), offload_waiting());
}

void
admin_metrics_text(const struct admin *admin, const struct services *services, struct buffer *text)
{
	metrics_text(admin->gate->metrics, text);
	rate_limits_text(services->limits, text);
	if (services->next != NULL)
		next_count_text(services->next, text);
	add_reload(text, admin->reload);
	add_database(text, services);
	add_secrets(text, services);
	add_keys(text, services);
	add_upstreams(text, services);
	add_fallback(text, services);
	add_process(text, admin);
	add_connections(text, admin);
	add_loops(text);
}

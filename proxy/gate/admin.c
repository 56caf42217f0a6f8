/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/header_line.h"
#include "base/log.h"
#include "proxy/gate/answer.h"

#define TEXT_MAX (1u << 20)
#define HEADERS_MAX 1024
#define PLAIN "text/plain; charset=utf-8"
#define JSON "application/json"
#define PROBLEM "application/problem+json"
#define PROMETHEUS "text/plain; version=0.0.4"
#define RELOAD_WAIT_MS 60000

struct page {
	int status;
	struct buffer headers, body;
};

static void
page_init(struct page *page)
{
	page->status = 0;
	buffer_init(&page->headers, HEADERS_MAX);
	buffer_init(&page->body, TEXT_MAX);
}

static void
page_write(struct page *page, struct exchange *exchange)
{
	struct answer answer = {
		.status = page->status,
		.headers = buffer_span(&page->headers),
		.body = buffer_span(&page->body),
	};

	if (page->headers.failed || page->body.failed)
		exchange_abort(exchange);
	else
		answer_write(exchange, &answer);
	buffer_done(&page->headers);
	buffer_done(&page->body);
}

/* What kind of page it is; the body follows. */
static void
begin(struct page *page, int status, struct span content_type)
{
	page->status = status;
	header_line_add(&page->headers, SPAN("Content-Type"), content_type);
	header_line_add(&page->headers, SPAN("Cache-Control"), SPAN("no-store"));
}

static void
plain(struct page *page, int status, const char *text)
{
	begin(page, status, SPAN(PLAIN));
	buffer_add(&page->body, span_of(text));
}

/* NULL: there is none, and an error was answered. */
static struct snapshot *
take_snapshot(const struct admin *admin, struct page *page)
{
	struct snapshot *snapshot = snapshot_take(admin->gate->hold);

	if (snapshot == NULL)
		plain(page, 503, "out of memory\n");
	return snapshot;
}

/* Append one issuer: whether its keys are usable, and if not, why. */
static bool
add_issuer(struct buffer *body, const struct services *services, size_t index)
{
	struct keyring_state state;

	keyring_state(services->ring, index, &state);
	if (index > 0)
		buffer_add_byte(body, ',');
	buffer_add_text(body, "{\"issuer\":");
	buffer_add_json(body, span_of(state.name));
	buffer_format(body, ",\"ready\":%s,\"keys\":%zu,\"skipped\":%zu",
	    state.usable ? "true" : "false", state.keys, state.skipped);
	if (state.schedule.good_s > 0)
		buffer_format(body, ",\"age_s\":%" PRId64, clock_mono_s() - state.schedule.good_s);
	if (state.schedule.next_s > 0)
		buffer_format(body, ",\"next_s\":%" PRId64,
		    refresh_schedule_wait_s(&state.schedule, clock_mono_s()));
	if (state.last_error[0] != '\0') {
		buffer_format(body, ",\"failure\":\"%s\"", failure_word(state.last_failure));
		buffer_add_text(body, ",\"error\":");
		buffer_add_json(body, span_of(state.last_error));
	}
	buffer_add_byte(body, '}');
	return state.usable;
}

static bool
has_fallback(const struct services *services)
{
	return services->config->has_local && services->config->local.accept == LOCAL_FALLBACK;
}

/* Append whether the local issuer is on standby or active. */
static void
add_fallback(struct buffer *body, const struct services *services)
{
	if (!has_fallback(services))
		return;
	buffer_format(body, ",\"fallback\":{\"in_force\":%s",
	    fallback_in_force(services->fallback) ? "true" : "false");
	if (fallback_since_s(services->fallback) > 0)
		buffer_format(body, ",\"since_s\":%" PRId64,
		    clock_mono_s() - fallback_since_s(services->fallback));
	buffer_add_byte(body, '}');
}

/* For how many seconds the local issuer's database has been unreachable; -1: there is none. */
static int64_t
database_away_s(const struct services *services, struct err *ret_why)
{
	return services->issuer == NULL ? -1 : issuer_database_away_s(services->issuer, ret_why);
}

/* A lost database does not make the gate unready: it works with the data it has loaded. */
static void
add_database(struct buffer *body, const struct services *services)
{
	struct err why = { "" };
	int64_t away_s = database_away_s(services, &why);

	if (away_s < 0)
		return;
	buffer_format(body, "\"database\":{\"up\":%s,\"away_s\":%" PRId64,
	    away_s == 0 ? "true" : "false", away_s);
	if (away_s > 0) {
		buffer_add_text(body, ",\"error\":");
		buffer_add_json(body, span_of(why.text));
	}
	buffer_add_text(body, "},");
}

/* Append which configuration is active, and whether the last reload succeeded. */
static void
add_configuration(struct buffer *body, struct reload *reload)
{
	struct reload_state state;

	reload_now(reload, &state);
	buffer_add_text(body, ",\"configuration\":{\"hash\":");
	buffer_add_json(body, span_of(state.configuration));
	buffer_format(body, ",\"age_s\":%" PRId64 ",\"last_reload_successful\":%s",
	    clock_now_s() - state.success_s, state.successful ? "true" : "false");
	if (!state.successful) {
		buffer_add_text(body, ",\"error\":");
		buffer_add_json(body, span_of(state.err.text));
		buffer_add_text(body, ",\"mistakes\":");
		buffer_add(body, buffer_span(&state.mistakes));
	}
	buffer_add_byte(body, '}');
	buffer_done(&state.mistakes);
}

static void
readyz(struct admin *admin, struct page *page)
{
	struct snapshot *snapshot = take_snapshot(admin, page);
	bool draining = atomic_load(&admin->draining), ready;
	struct services *services;
	struct buffer issuers;

	if (snapshot == NULL)
		return;
	services = snapshot->services;
	ready = services->config->trusted_issuer_count == 0;
	/* One issuer that is down must not make the gate unready for the callers of the others. */
	buffer_init(&issuers, TEXT_MAX);
	for (size_t i = 0; i < services->config->trusted_issuer_count; i++)
		ready |= add_issuer(&issuers, services, i);
	begin(page, ready && !draining ? 200 : 503, SPAN(JSON));
	buffer_format(&page->body, "{\"ready\":%s,\"draining\":%s,",
	    page->status == 200 ? "true" : "false", draining ? "true" : "false");
	add_database(&page->body, services);
	buffer_add_text(&page->body, "\"issuers\":[");
	buffer_add(&page->body, buffer_span(&issuers));
	buffer_add_byte(&page->body, ']');
	add_fallback(&page->body, services);
	add_configuration(&page->body, admin->reload);
	buffer_add_text(&page->body, "}\n");
	snapshot_release(snapshot);
	buffer_done(&issuers);
}

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

/* A label for each upstream that the configuration names. */
static void
add_upstreams(struct buffer *text, const struct services *services)
{
	size_t max = services->config->policy.module_count + 1, count;
	struct upstream **list = calloc(max, sizeof(struct upstream *));
	struct upstream_sample *samples = calloc(max, sizeof(*samples));

	if (list != NULL && samples != NULL) {
		count = services_upstreams(services, list, max);
		for (size_t i = 0; i < count; i++)
			samples[i] = (struct upstream_sample){
				.name = upstream_url(list[i]),
				.count = upstream_count(list[i]),
				.idle = upstream_idle(list[i]),
			};
		upstream_count_text(samples, count, text);
	}
	free(list);
	free(samples);
}

static void
metrics(struct admin *admin, struct page *page)
{
	struct snapshot *snapshot = take_snapshot(admin, page);
	struct services *services;

	if (snapshot == NULL)
		return;
	services = snapshot->services;
	begin(page, 200, SPAN(PROMETHEUS));
	metrics_text(admin->gate->metrics, &page->body);
	add_reload(&page->body, admin->reload);
	if (database_away_s(services, NULL) >= 0)
		buffer_format(&page->body,
		    "# HELP postern_database_up Whether the local issuer's database can be read.\n"
		    "# TYPE postern_database_up gauge\n"
		    "postern_database_up %d\n",
		    database_away_s(services, NULL) == 0 ? 1 : 0);
	add_keys(&page->body, services);
	add_upstreams(&page->body, services);
	if (has_fallback(services))
		buffer_format(&page->body,
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
	snapshot_release(snapshot);
	buffer_format(&page->body,
	    "# HELP postern_token_cache_total Look-ups of verified tokens.\n"
	    "# TYPE postern_token_cache_total counter\n"
	    "postern_token_cache_total{result=\"hit\"} %" PRIu64 "\n"
	    "postern_token_cache_total{result=\"miss\"} %" PRIu64 "\n"
	    "# HELP postern_connections Open client connections.\n"
	    "# TYPE postern_connections gauge\n"
	    "postern_connections %d\n"
	    "# HELP postern_log_dropped_total Log lines that were dropped.\n"
	    "# TYPE postern_log_dropped_total counter\n"
	    "postern_log_dropped_total %" PRIu64 "\n",
	    cache_hits(admin->gate->cache), cache_misses(admin->gate->cache),
	    admin->listener == NULL ? 0 : listener_connections(admin->listener), log_dropped());
}

/* Answer a failed reload: problem+json (RFC 9457) with a member that lists the mistakes. */
static void
reload_failed(struct page *page, const struct reload_state *state)
{
	begin(page, 422, SPAN(PROBLEM));
	buffer_add_text(&page->body,
	    "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\","
	    "\"status\":422,\"detail\":");
	buffer_add_json(&page->body, span_of(state->err.text));
	buffer_add_text(&page->body, ",\"configuration\":");
	buffer_add_json(&page->body, span_of(state->configuration));
	buffer_add_text(&page->body, ",\"mistakes\":");
	buffer_add(&page->body, buffer_span(&state->mistakes));
	buffer_add_text(&page->body, "}\n");
}

/* Answers after the new configuration is active: the next request is judged by it. */
static void
reload(struct admin *admin, struct page *page, struct span method)
{
	struct reload_state state;

	if (!span_is(method, "POST")) {
		header_line_add(&page->headers, SPAN("Allow"), SPAN("POST"));
		plain(page, 405, "POST\n");
		return;
	}
	if (!reload_await(admin->reload, reload_ask(admin->reload), RELOAD_WAIT_MS, &state)) {
		plain(page, 503, "the reload is not finished yet, or the gate is stopping\n");
	} else if (!state.successful) {
		reload_failed(page, &state);
	} else {
		begin(page, 200, SPAN(JSON));
		buffer_add_text(&page->body, "{\"configuration\":");
		buffer_add_json(&page->body, span_of(state.configuration));
		buffer_add_text(&page->body, ",\"warnings\":");
		buffer_add(&page->body, buffer_span(&state.mistakes));
		buffer_add_text(&page->body, "}\n");
	}
	buffer_done(&state.mistakes);
}

void
admin_serve(void *context, struct exchange *exchange)
{
	struct admin *admin = context;
	struct request *request = exchange_request(exchange);
	struct page page;

	page_init(&page);
	if (request_check(request) != REASON_OK) {
		exchange_close(exchange);
		plain(&page, 400, "the request is malformed\n");
	} else if (span_is(request->target, "/livez"))
		plain(&page, 200, "alive\n");
	else if (span_is(request->target, "/readyz"))
		readyz(admin, &page);
	else if (span_is(request->target, "/metrics"))
		metrics(admin, &page);
	else if (span_is(request->target, "/reload"))
		reload(admin, &page, request->method);
	else
		plain(&page, 404, "/livez /readyz /metrics, POST /reload\n");
	page_write(&page, exchange);
}

void
admin_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	struct page page;

	(void)context;
	page_init(&page);
	plain(&page, reason_status(reason), detail);
	page_write(&page, exchange);
}

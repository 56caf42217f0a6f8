/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "proxy/gate/admin_explain.h"
#include "proxy/gate/admin_guard.h"
#include "proxy/gate/admin_metrics.h"
#include "proxy/gate/admin_page.h"
#include "proxy/io/offload.h"

#define TEXT_MAX (1u << 20)
#define REFUSED_MAX 1024
#define PROMETHEUS "text/plain; version=0.0.4"
#define RELOAD_WAIT_MS 60000

/* A page that lacks a part is not sent. */
static void
add_part(struct buffer *body, const struct buffer *part)
{
	buffer_add(body, buffer_span(part));
	body->failed = body->failed || part->failed;
}

/* A list that there was no memory for is empty: what else the page says matters more. */
static void
add_mistakes(struct buffer *body, const struct buffer *mistakes)
{
	buffer_add(body, mistakes->failed ? SPAN("[]") : buffer_span(mistakes));
}

/* NULL: there is none, and an error was answered. */
static struct snapshot *
take_snapshot(const struct admin *admin, struct admin_page *page)
{
	struct snapshot *snapshot = snapshot_take(admin->gate->hold);

	if (snapshot == NULL)
		admin_page_problem(page, 503, "out of memory");
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

/* Append whether the local issuer is on standby or active. */
static void
add_fallback(struct buffer *body, const struct services *services)
{
	if (!services_has_fallback(services))
		return;
	buffer_format(body, ",\"fallback\":{\"in_force\":%s",
	    fallback_in_force(services->fallback) ? "true" : "false");
	if (fallback_since_s(services->fallback) > 0)
		buffer_format(body, ",\"since_s\":%" PRId64,
		    clock_mono_s() - fallback_since_s(services->fallback));
	buffer_add_byte(body, '}');
}

/* A lost database does not make the gate unready: it works with the data it has loaded. */
static void
add_database(struct buffer *body, const struct services *services)
{
	struct err why = { "" };
	int64_t away_s = services_database_away_s(services, &why);

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

/* An address that fails makes the gate no less ready: others may serve, and where none does,
 * clients learn more from its answer than from a gate that nobody reaches. */
static void
add_upstreams(struct buffer *body, const struct services *services)
{
	size_t max = services_upstreams_max(services), count = 0;
	struct upstream **list = calloc(max + 1, sizeof(struct upstream *));

	body->failed = body->failed || list == NULL;
	if (list != NULL)
		count = services_upstreams(services, list, max);
	buffer_add_text(body, ",\"upstreams\":[");
	for (size_t i = 0; i < count; i++) {
		buffer_add_text(body, i == 0 ? "{\"upstream\":" : ",{\"upstream\":");
		buffer_add_json(body, span_of(upstream_url(list[i])));
		buffer_format(
		    body, ",\"up\":%s}", services_is_up(services, list[i]) ? "true" : "false");
	}
	buffer_add_byte(body, ']');
	free(list);
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
		add_mistakes(body, &state.mistakes);
	}
	buffer_add_byte(body, '}');
	buffer_done(&state.mistakes);
}

static void
readyz(struct admin *admin, struct admin_page *page)
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
	admin_page_begin(page, ready && !draining ? 200 : 503, SPAN(ADMIN_PAGE_JSON));
	buffer_format(&page->body, "{\"ready\":%s,\"draining\":%s,",
	    page->status == 200 ? "true" : "false", draining ? "true" : "false");
	add_database(&page->body, services);
	buffer_add_text(&page->body, "\"issuers\":[");
	add_part(&page->body, &issuers);
	buffer_add_byte(&page->body, ']');
	add_fallback(&page->body, services);
	add_upstreams(&page->body, services);
	add_configuration(&page->body, admin->reload);
	buffer_add_text(&page->body, "}\n");
	snapshot_release(snapshot);
	buffer_done(&issuers);
}

static void
metrics(struct admin *admin, struct admin_page *page)
{
	struct snapshot *snapshot = take_snapshot(admin, page);

	if (snapshot == NULL)
		return;
	admin_page_begin(page, 200, SPAN(PROMETHEUS));
	admin_metrics_text(admin, snapshot->services, &page->body);
	snapshot_release(snapshot);
}

/* Answer a failed reload: problem+json (RFC 9457) with a member that lists the mistakes. */
static void
reload_failed(struct admin_page *page, const struct reload_state *state)
{
	admin_page_begin(page, 422, SPAN(ADMIN_PAGE_PROBLEM));
	buffer_add_text(&page->body,
	    "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\","
	    "\"status\":422,\"detail\":");
	buffer_add_json(&page->body, span_of(state->err.text));
	buffer_add_text(&page->body, ",\"configuration\":");
	buffer_add_json(&page->body, span_of(state->configuration));
	buffer_add_text(&page->body, ",\"mistakes\":");
	add_mistakes(&page->body, &state->mistakes);
	buffer_add_text(&page->body, "}\n");
}

struct reloading {
	struct reload *reload;
	struct reload_state state;
	bool done;
};

static void
await_reload(void *context)
{
	struct reloading *reloading = context;

	reloading->done = reload_await(
	    reloading->reload, reload_ask(reloading->reload), RELOAD_WAIT_MS, &reloading->state);
}

/* Answers after the new configuration is active: the next request is judged by it. */
static void
reload(struct admin *admin, struct admin_page *page, struct span method)
{
	struct reloading reloading = { .reload = admin->reload };
	struct reload_state *state = &reloading.state;

	if (!span_is(method, "POST")) {
		admin_page_allow(page, SPAN("POST"));
		return;
	}
	if (!offload(await_reload, &reloading) || !reloading.done) {
		admin_page_problem(
		    page, 503, "the reload is not finished yet, or the gate is stopping");
	} else if (!state->successful) {
		reload_failed(page, state);
	} else {
		admin_page_begin(page, 200, SPAN(ADMIN_PAGE_JSON));
		buffer_add_text(&page->body, "{\"configuration\":");
		buffer_add_json(&page->body, span_of(state->configuration));
		buffer_add_text(&page->body, ",\"warnings\":");
		add_mistakes(&page->body, &state->mistakes);
		buffer_add_text(&page->body, "}\n");
	}
	buffer_done(&state->mistakes);
}

/* The pages that change nothing and show no secret. False: the target is none of them. */
static bool
show(struct admin *admin, struct admin_page *page, struct span target)
{
	if (span_is(target, "/livez"))
		admin_page_plain(page, 200, "alive\n");
	else if (span_is(target, "/readyz"))
		readyz(admin, page);
	else if (span_is(target, "/metrics"))
		metrics(admin, page);
	else
		return false;
	return true;
}

/* In the log, too: somebody who steers a browser may be at it. */
static void
log_refused(const struct request *request, const char *detail)
{
	struct log_line line;

	if (!log_wants(LOG_WARN))
		return;
	log_begin(&line, "admin");
	log_text(&line, "reason", span_of(reason_word(REASON_ORIGIN_NOT_ALLOWED)));
	log_text(&line, "host", request->host);
	log_text(&line, "origin", span_slice(request_header(request, "Origin"), 0, 256));
	log_text(&line, "peer", span_of(request->peer));
	log_text(&line, "detail", span_of(detail));
	log_end(&line, LOG_WARN);
}

/* May this request be answered? If not, the page says why. */
static bool
admit(const struct admin *admin, struct exchange *exchange, struct admin_page *page)
{
	struct request *request = exchange_request(exchange);
	enum reason reason = request_check(request);
	const char *detail = request->detail;
	struct arena arena;

	arena_init(&arena, REFUSED_MAX);
	if (reason != REASON_OK) {
		exchange_close(exchange);
	} else {
		reason = admin_guard_check(&admin->address, request, &arena, &detail);
		if (reason != REASON_OK)
			log_refused(request, detail);
	}
	if (reason != REASON_OK)
		admin_page_refuse(page, reason, detail);
	arena_done(&arena);
	return reason == REASON_OK;
}

#define PAGES "here are /livez /readyz /metrics /explain/ID, POST /reload, POST /explain"

/* POST /explain, or GET /explain/ID. */
static void
explain(struct admin *admin, struct exchange *exchange, struct admin_page *page)
{
	const struct request *request = exchange_request(exchange);
	struct span id = span_slice(request->target, strlen("/explain"), request->target.len);
	bool one = span_starts(id, SPAN("/"));

	if (id.len > 0 && !one)
		admin_page_problem(page, 404, PAGES);
	else if (!one && span_is(request->method, "POST"))
		admin_explain_ask(admin->gate, exchange, page);
	else if (!one)
		admin_page_allow(page, SPAN("POST"));
	else if (span_is(request->method, "GET") || span_is(request->method, "HEAD"))
		admin_explain_recent(admin->gate, span_slice(id, 1, id.len), page);
	else
		admin_page_allow(page, SPAN("GET"));
}

void
admin_serve(void *context, struct exchange *exchange)
{
	struct admin *admin = context;
	struct request *request = exchange_request(exchange);
	struct admin_page page;

	admin_page_init(&page);
	if (admit(admin, exchange, &page)) {
		if (span_is(request->target, "/reload"))
			reload(admin, &page, request->method);
		else if (span_starts(request->target, SPAN("/explain")))
			explain(admin, exchange, &page);
		else if (!show(admin, &page, request->target))
			admin_page_problem(&page, 404, PAGES);
	}
	admin_page_write(&page, exchange);
}

void
admin_serve_metrics(void *context, struct exchange *exchange)
{
	struct request *request = exchange_request(exchange);
	enum reason reason = request_check(request);
	struct admin_page page;
	bool reads;

	admin_page_init(&page);
	reads = span_is(request->method, "GET") || span_is(request->method, "HEAD");
	if (reason != REASON_OK) {
		exchange_close(exchange);
		admin_page_refuse(&page, reason, request->detail);
	} else if (!reads || !show(context, &page, request->target)) {
		admin_page_problem(&page, 404, "here are GET /livez /readyz /metrics");
	}
	admin_page_write(&page, exchange);
}

void
admin_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	struct admin_page page;

	(void)context;
	admin_page_init(&page);
	admin_page_refuse(&page, reason, detail);
	admin_page_write(&page, exchange);
}

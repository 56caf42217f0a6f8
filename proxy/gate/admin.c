/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/header_line.h"
#include "proxy/gate/admin_metrics.h"
#include "proxy/gate/answer.h"
#include "proxy/io/offload.h"

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
	add_part(&page->body, &issuers);
	buffer_add_byte(&page->body, ']');
	add_fallback(&page->body, services);
	add_configuration(&page->body, admin->reload);
	buffer_add_text(&page->body, "}\n");
	snapshot_release(snapshot);
	buffer_done(&issuers);
}

static void
metrics(struct admin *admin, struct page *page)
{
	struct snapshot *snapshot = take_snapshot(admin, page);

	if (snapshot == NULL)
		return;
	begin(page, 200, SPAN(PROMETHEUS));
	admin_metrics_text(admin, snapshot->services, &page->body);
	snapshot_release(snapshot);
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
reload(struct admin *admin, struct page *page, struct span method)
{
	struct reloading reloading = { .reload = admin->reload };
	struct reload_state *state = &reloading.state;

	if (!span_is(method, "POST")) {
		header_line_add(&page->headers, SPAN("Allow"), SPAN("POST"));
		plain(page, 405, "POST\n");
		return;
	}
	if (!offload(await_reload, &reloading) || !reloading.done) {
		plain(page, 503, "the reload is not finished yet, or the gate is stopping\n");
	} else if (!state->successful) {
		reload_failed(page, state);
	} else {
		begin(page, 200, SPAN(JSON));
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
show(struct admin *admin, struct page *page, struct span target)
{
	if (span_is(target, "/livez"))
		plain(page, 200, "alive\n");
	else if (span_is(target, "/readyz"))
		readyz(admin, page);
	else if (span_is(target, "/metrics"))
		metrics(admin, page);
	else
		return false;
	return true;
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
	} else if (span_is(request->target, "/reload")) {
		reload(admin, &page, request->method);
	} else if (!show(admin, &page, request->target)) {
		plain(&page, 404, "/livez /readyz /metrics, POST /reload\n");
	}
	page_write(&page, exchange);
}

void
admin_serve_metrics(void *context, struct exchange *exchange)
{
	struct request *request = exchange_request(exchange);
	struct page page;
	bool reads;

	page_init(&page);
	reads = span_is(request->method, "GET") || span_is(request->method, "HEAD");
	if (request_check(request) != REASON_OK) {
		exchange_close(exchange);
		plain(&page, 400, "the request is malformed\n");
	} else if (!reads || !show(context, &page, request->target)) {
		plain(&page, 404, "GET /livez /readyz /metrics\n");
	}
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/job.h"

#include "base/base64url.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "policy/scope_hint.h"

#define ID_BYTES 12

/* Random bytes are drawn for many requests at once: asking the system costs a call each time. */
static bool
draw_id(unsigned char id[ID_BYTES])
{
	static _Thread_local unsigned char drawn[32 * ID_BYTES];
	static _Thread_local size_t left;

	if (left == 0) {
		if (!digest_random(drawn, sizeof(drawn)))
			return false;
		left = sizeof(drawn);
	}
	left -= ID_BYTES;
	memcpy(id, drawn + left, ID_BYTES);
	return true;
}

bool
job_start(struct job *job, struct exchange *exchange, struct arena *arena)
{
	unsigned char id[ID_BYTES];

	*job = (struct job){ .exchange = exchange, .arena = arena };
	if (!draw_id(id))
		return false;
	base64url_encode((struct span){ (const char *)id, sizeof(id) }, job->id);
	return true;
}

struct facts
job_facts(const struct job *job)
{
	return (struct facts){ .snapshot = job->snapshot,
		.config = job->snapshot->config,
		.now_s = clock_now_s(),
		.mono_s = clock_mono_s() };
}

void
job_tell(struct job *job, const struct judgement *judgement)
{
	const struct config *config = job->snapshot->config;
	const struct cover *cover = &judgement->cover;
	const struct principal *principal =
	    judgement->caller == NULL ? NULL : &judgement->caller->principal;

	job->shadow_reason = judgement->verdict.shadow_reason;
	job->detail = judgement->verdict.detail;
	job->told = (struct job_told){ .pattern = cover->pattern,
		.basic = judgement->basic,
		.metadata = config->resource.metadata };
	if (cover->privilege != NULL) {
		job->told.privilege = cover->privilege->name;
		job->told.scope =
		    scope_hint(&config->policy, cover->privilege, principal, job->arena);
	}
	if (cover->module != NULL)
		job->told.module = cover->module->name;
	if (judgement->profile < config->profile_count)
		job->told.issuer = config->profiles[judgement->profile].name;
	if (principal != NULL) {
		job->told.subject = principal->subject;
		job->told.client = principal->client;
		job->told.user = principal->user;
	}
}

void
job_tell_lockout(const struct job *job, const struct login_attempt *attempt)
{
	struct log_line line;

	if (!log_wants(LOG_WARN))
		return;
	log_begin(&line, "locked_out");
	if (attempt->hash != NULL)
		log_text(&line, "user", attempt->name);
	log_text(&line, "peer", attempt->peer);
	log_number(&line, "seconds", job->wait_s);
	log_text(&line, "request_id", span_of(job->id));
	log_end(&line, LOG_WARN);
}

/* An upgrade that may be passed on: one protocol, asked for by a plain GET, and never h2c, whose
 * requests nobody here would judge. */
static bool
wants_upgrade(const struct request *request)
{
	struct span upgrade = request_header(request, "Upgrade");

	return upgrade.at != NULL && span_is(request->method, "GET") &&
	       request->version_minor == 1 && request->framing == BODY_NONE &&
	       span_find(upgrade, ',') == upgrade.len &&
	       !span_equal_nocase(span_slice(upgrade, 0, 3), SPAN("h2c")) &&
	       request_connection_has(request, "upgrade");
}

/* Our own lines in the upstream's answer. */
static struct span
answer_headers(struct job *job)
{
	static const char name[] = "X-Request-Id: ";
	size_t id = strlen(job->id), at = sizeof(name) - 1;
	char *line = arena_alloc(job->arena, at + id + 2);

	if (line == NULL)
		return (struct span){ 0 };
	memcpy(line, name, at);
	memcpy(line + at, job->id, id);
	memcpy(line + at + id, "\r\n", 2);
	return (struct span){ line, at + id + 2 };
}

static void
let_go(void *job)
{
	job_let_go(job);
}

enum reason
job_prepare(struct job *job, const struct judgement *judgement)
{
	const struct request *request = exchange_request(job->exchange);
	const struct services *services = job->snapshot->services;
	const struct config_limits *limits = &services->config->limits;
	struct upstream *upstream = services_upstream(services, judgement->cover.module);
	struct headers_setup setup = {
		.rules = &services->config->rules,
		.request = request,
		.path = judgement->target.path,
		.query = judgement->target.query,
		.has_query = judgement->target.has_query,
		.upgrade = wants_upgrade(request),
		.request_id = span_of(job->id),
	};

	if (limits->body_bytes > 0 && request->content_length > limits->body_bytes)
		return REASON_BODY_TOO_LARGE;
	if (upstream == NULL) {
		job->detail = "no upstream is configured for this path";
		return REASON_UPSTREAM_UNREACHABLE;
	}
	if (judgement->caller != NULL) {
		setup.identity = judgement->caller->identity;
		setup.identity_count = judgement->caller->identity_count;
	}
	job->forward = (struct forward){
		.head = headers_make(&setup, job->arena),
		.upgrade = setup.upgrade,
		.upstream_timeout_ms = limits->upstream_timeout_ms,
		.body_limit = limits->body_bytes,
		.answer_headers = answer_headers(job),
		.arena = job->arena,
		.upstream = upstream,
		.lasts = let_go,
		.context = job,
	};
	job->told.upstream = upstream_url(upstream);
	if (job->forward.head.at == NULL || job->forward.answer_headers.at == NULL)
		return REASON_OVERLOADED;
	return REASON_OK;
}

static void
keep(struct job *job, const char **text)
{
	if (*text != NULL)
		*text = arena_text(job->arena, span_of(*text));
}

static void
keep_span(struct job *job, struct span *text)
{
	if (text->at != NULL)
		*text = span_of(arena_text(job->arena, *text));
}

void
job_let_go(struct job *job)
{
	if (job->snapshot == NULL)
		return;
	keep(job, &job->detail);
	keep(job, &job->told.privilege);
	keep(job, &job->told.pattern);
	keep(job, &job->told.module);
	keep(job, &job->told.issuer);
	keep(job, &job->told.user);
	keep(job, &job->told.metadata);
	keep_span(job, &job->told.subject);
	keep_span(job, &job->told.client);
	job->upstream = job->forward.upstream; /* which owns its URL */
	if (job->upstream != NULL)
		upstream_ref(job->upstream);
	snapshot_release(job->snapshot);
	job->snapshot = NULL;
}

void
job_end(struct job *job)
{
	snapshot_release(job->snapshot);
	upstream_unref(job->upstream);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/job.h"

#include "base/base64url.h"
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

static const char *
keep(struct job *job, const char *text)
{
	return text == NULL ? NULL : arena_text(job->arena, span_of(text));
}

static const char *
keep_span(struct job *job, struct span text)
{
	return text.at == NULL ? NULL : arena_text(job->arena, text);
}

void
job_tell(struct job *job, const struct config *config, const struct judgement *judgement)
{
	const struct cover *cover = &judgement->cover;

	job->shadow_reason = judgement->verdict.shadow_reason;
	job->detail = keep(job, judgement->verdict.detail);
	job->told.basic = judgement->basic;
	job->told.metadata = keep(job, config->resource.metadata);
	job->told.pattern = keep(job, cover->pattern);
	if (cover->privilege != NULL) {
		job->told.privilege = keep(job, cover->privilege->name);
		job->told.scope = scope_hint(&config->policy, cover->privilege,
		    judgement->caller == NULL ? NULL : &judgement->caller->principal, job->arena);
	}
	if (cover->module != NULL)
		job->told.module = keep(job, cover->module->name);
	if (judgement->profile < config->profile_count)
		job->told.issuer = keep(job, config->profiles[judgement->profile].name);
	if (judgement->caller != NULL) {
		job->told.subject = keep_span(job, judgement->caller->principal.subject);
		job->told.client = keep_span(job, judgement->caller->principal.client);
		job->told.user = keep(job, judgement->caller->principal.user);
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

enum reason
job_prepare(struct job *job, const struct world *world, const struct judgement *judgement)
{
	const struct request *request = exchange_request(job->exchange);
	const struct config_limits *limits = &world->config->limits;
	struct upstream *upstream = world_upstream(world, judgement->cover.module);
	struct headers_setup setup = {
		.rules = &world->config->rules,
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
	};
	job->told.upstream = keep(job, upstream_url(upstream));
	if (job->forward.head.at == NULL || job->forward.answer_headers.at == NULL)
		return REASON_OVERLOADED;
	job->forward.upstream = upstream;
	upstream_ref(upstream);
	return REASON_OK;
}

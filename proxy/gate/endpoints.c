/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/endpoints.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/resource.h"

/* Read a small body whole. False: `job` says why not. */
static bool
read_body(struct job *job, struct buffer *body)
{
	ssize_t got = 1;
	char piece[1024];

	while (got > 0 && !body->failed) {
		got = exchange_read(job->exchange, piece, sizeof(piece));
		if (got > 0)
			buffer_add(body, (struct span){ piece, (size_t)got });
	}
	digest_wipe(piece, sizeof(piece)); /* a form may hold a secret */
	if (got >= 0 && !body->failed)
		return true;
	exchange_close(job->exchange);
	job->reason = body->failed ? REASON_BODY_TOO_LARGE : REASON_REQUEST_MALFORMED;
	job->detail = body->failed ? "the form is too large" : "the body broke off";
	return false;
}

/* The token that somebody asks about is judged as if it had come with a request now: what was
 * committed before it was asked has been looked at since ours came. */
static void
introspect(struct gate *gate, struct job *job, struct endpoint_answer *issued)
{
	struct token token = { 0 };
	struct facts facts;
	bool active = false;

	snapshot_release(job->snapshot);
	job->snapshot = snapshot_take(gate->hold);
	if (job->snapshot != NULL && job->snapshot->services->issuer != NULL) {
		facts = job_facts(job);
		facts.audiences = issuer_audiences(job->snapshot->services->issuer);
		active = judge_introspect(
		    &facts, buffer_span(&issued->introspected), job->arena, &token);
	}
	introspect_endpoint_complete(active ? token.claims : NULL, issued);
	token_done(&token);
}

static void
answer_issuer(struct gate *gate, struct job *job, const struct endpoint_request *asked)
{
	struct endpoint_answer issued = { 0 };
	struct answer answer;
	struct buffer headers;

	issuer_answer(job->snapshot->services->issuer, asked, clock_now_s(), &issued);
	if (issued.status == 200 && issued.introspects)
		introspect(gate, job, &issued);
	buffer_init(&headers, 8192);
	buffer_add(&headers, buffer_span(&issued.headers));
	buffer_format(&headers, "X-Request-Id: %s\r\n", job->id);
	answer = (struct answer){
		.status = issued.status,
		.headers = buffer_span(&headers),
		.body = buffer_span(&issued.body),
	};
	answer_write(job->exchange, &answer);
	job->status = issued.status;
	if (issued.error != NULL && issued.error[0] != '\0')
		job->detail = issued.why[0] == '\0'
				  ? issued.error
				  : arena_format(job->arena, "%s: %s", issued.error, issued.why);
	if (issued.client[0] != '\0')
		job->told.client = span_of(arena_text(job->arena, span_of(issued.client)));
	buffer_done(&headers);
	endpoint_answer_done(&issued);
}

static void
serve_issuer(struct gate *gate, struct job *job, const struct target *target)
{
	const struct request *request = exchange_request(job->exchange);
	const char *name = resource_name(job->snapshot->config, request, job->arena);
	struct endpoint_request asked = {
		.method = request->method,
		.path = target->path,
		.has_query = target->has_query,
		.authorization = request_header(request, "Authorization"),
		.content_type = request_header(request, "Content-Type"),
		.resource = name != NULL ? span_of(name) : (struct span){ 0 },
		.peer = span_of(request->peer),
	};
	struct buffer body;

	job->told.issuer = LOCAL_NAME;
	buffer_init(&body, ENDPOINT_MAX_BODY);
	if (request->content_length > (int64_t)ENDPOINT_MAX_BODY) {
		job->reason = REASON_BODY_TOO_LARGE;
	} else if ((!request->expects_continue ||
		       exchange_write(job->exchange, SPAN("HTTP/1.1 100 Continue\r\n\r\n"))) &&
		   read_body(job, &body)) {
		asked.body = buffer_span(&body);
		answer_issuer(gate, job, &asked);
	}
	buffer_wipe(&body);
}

bool
endpoints_serve(struct gate *gate, struct job *job, const struct judgement *judgement)
{
	const struct services *services = job->snapshot->services;
	struct span path = judgement->target.path;

	if (resource_path(services->config, path)) {
		job->served_here = true;
		resource_serve(job, services->config);
	} else if (services->issuer != NULL && issuer_serves(services->issuer, path)) {
		job->served_here = true;
		serve_issuer(gate, job, &judgement->target);
	}
	return job->served_here;
}

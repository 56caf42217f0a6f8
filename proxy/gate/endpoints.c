/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/endpoints.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/header_line.h"
#include "base/log.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/preflight.h"
#include "proxy/gate/resource.h"

/* Read a small body completely. False: transaction->reason is set, or the answer was written. */
static bool
read_body(struct transaction *transaction, struct buffer *body)
{
	ssize_t got = 1;
	char piece[1024];

	while (got > 0 && !body->failed) {
		got = exchange_read(transaction->exchange, piece, sizeof(piece));
		if (got > 0)
			buffer_add(body, (struct span){ piece, (size_t)got });
	}
	digest_wipe(piece, sizeof(piece)); /* a form may hold a secret */
	if (got >= 0 && !body->failed)
		return true;
	exchange_close(transaction->exchange);
	if (body->failed) {
		transaction->reason = REASON_BODY_TOO_LARGE;
		transaction->detail = "the form is too large";
	} else if (got == EXCHANGE_LATE) {
		transaction->reason = REASON_REQUEST_TIMEOUT;
		transaction->detail = "the body did not arrive in time";
	} else {
		transaction->reason = REASON_REQUEST_MALFORMED;
		transaction->detail = "the body ended early";
	}
	return false;
}

/* The audiences of all tokens that the issuer gives for this gate and others. NULL: no memory. */
static const struct texts *
issued_audiences(const struct snapshot *snapshot, struct arena *arena)
{
	const struct texts *own = issuer_audiences(snapshot->services->issuer);
	const struct texts *more = &snapshot->config->policy.resources;
	struct texts *all = arena_alloc(arena, sizeof(*all));
	const char **at = arena_array(arena, own->count + more->count, sizeof(*at));

	if (all == NULL || at == NULL)
		return NULL;
	for (size_t i = 0; i < own->count; i++)
		at[i] = own->at[i];
	for (size_t i = 0; i < more->count; i++)
		at[own->count + i] = more->at[i];
	*all = (struct texts){ .at = at, .count = own->count + more->count };
	return all;
}

/* Verify the token in question as if it had come with a request now. This needs the current
 * snapshot: the store has been read since this request arrived. */
static void
introspect(struct gate *gate, struct transaction *transaction, struct endpoint_answer *issued)
{
	struct token token = { 0 };
	struct judge_inputs inputs;
	bool active = false;

	snapshot_release(transaction->snapshot);
	transaction->snapshot = snapshot_take(gate->hold);
	if (transaction->snapshot != NULL && transaction->snapshot->services->issuer != NULL) {
		inputs = transaction_inputs(transaction);
		inputs.certificate = NULL; /* that of the API that asks, not of the token's owner */
		inputs.peer = (struct span){ 0 }; /* likewise */
		inputs.audiences = issued_audiences(transaction->snapshot, transaction->arena);
		active = inputs.audiences != NULL &&
			 judge_introspect(&inputs, buffer_span(&issued->introspected),
			     transaction->arena, &token);
	}
	introspect_endpoint_complete(active ? token.claims : NULL, issued);
	token_done(&token);
}

/* One call of the issuer. */
struct issuing {
	struct issuer *issuer;
	const struct endpoint_request *asked;
	struct endpoint_answer *issued;
};

/* Secrets are hashed, and changes committed to the database. */
static void
issue(void *context)
{
	struct issuing *issuing = context;

	issuer_answer(issuing->issuer, issuing->asked, clock_now_s(), issuing->issued);
}

/* An answer that waits for nothing is made here: handing it to a thread and back costs as much as
 * the signature. False: the client has gone. */
static bool
ask_issuer(const struct transaction *transaction, struct endpoint_request *asked,
    struct endpoint_answer *issued)
{
	struct issuing issuing = { transaction->snapshot->services->issuer, asked, issued };

	asked->current = !log_crowded() && issuer_at_once(issuing.issuer, asked);
	if (!asked->current)
		return transaction_offload(transaction, issue, &issuing);
	issue(&issuing);
	return true;
}

static void
answer_issuer(struct gate *gate, struct transaction *transaction, struct endpoint_request *asked)
{
	struct endpoint_answer issued = { 0 };
	struct answer answer;
	struct buffer headers;

	if (!ask_issuer(transaction, asked, &issued)) {
		transaction->reason = REASON_CLIENT_GONE;
		return;
	}
	if (issued.status == 200 && issued.introspects)
		introspect(gate, transaction, &issued);
	buffer_init(&headers, 8192);
	buffer_add(&headers, buffer_span(&issued.headers));
	buffer_add(&headers, transaction->cors);
	if (issued.status >= 400)
		header_line_add(&headers, SPAN("X-Postern"), SPAN("refused"));
	header_line_add(&headers, SPAN("X-Request-Id"), span_of(transaction->id));
	answer = (struct answer){
		.status = issued.status,
		.headers = buffer_span(&headers),
		.body = buffer_span(&issued.body),
	};
	answer_write(transaction->exchange, &answer);
	transaction->status = issued.status;
	if (issued.error != NULL && issued.error[0] != '\0')
		transaction->detail =
		    issued.why[0] == '\0'
			? issued.error
			: arena_format(transaction->arena, "%s: %s", issued.error, issued.why);
	if (issued.client[0] != '\0')
		transaction->fields.client =
		    span_of(arena_text(transaction->arena, span_of(issued.client)));
	buffer_done(&headers);
	endpoint_answer_done(&issued);
}

static void
serve_issuer(struct gate *gate, struct transaction *transaction, const struct target *target)
{
	const struct request *request = exchange_request(transaction->exchange);
	const char *name =
	    resource_name(transaction->snapshot->config, request, transaction->arena);
	struct endpoint_request asked = {
		.method = request->method,
		.path = target->path,
		.has_query = target->has_query,
		.authorization = request_header(request, "Authorization"),
		.content_type = request_header(request, "Content-Type"),
		.resource = name != NULL ? span_of(name) : (struct span){ 0 },
		.resources = &transaction->snapshot->config->policy.resources,
		.peer = span_of(request->peer),
	};
	struct buffer body;

	transaction->fields.issuer = LOCAL_NAME;
	transaction->cors =
	    preflight_lines(transaction->snapshot->config->local.cors, request, transaction->arena);
	buffer_init(&body, ENDPOINT_MAX_BODY);
	if (request->content_length > (int64_t)ENDPOINT_MAX_BODY) {
		transaction->reason = REASON_BODY_TOO_LARGE;
	} else if ((!request->expects_continue || exchange_write(transaction->exchange,
						      SPAN("HTTP/1.1 100 Continue\r\n\r\n"))) &&
		   read_body(transaction, &body)) {
		asked.body = buffer_span(&body);
		answer_issuer(gate, transaction, &asked);
	}
	buffer_wipe(&body);
}

/* Answer a preflight if the path is of a module, or of the local issuer, that says something of
 * other origins. False: it is a request like others. */
static bool
serve_preflight(struct transaction *transaction, const struct target *target)
{
	const struct config *config = transaction->snapshot->config;
	const struct request *request = exchange_request(transaction->exchange);
	const struct services *services = transaction->snapshot->services;
	const struct cors *cors = NULL;
	struct route_match route;

	if (!preflight_is(request))
		return false;
	decide_route(&config->policy, request->method, target, &route);
	if (services->issuer != NULL && issuer_serves(services->issuer, target->path))
		cors = config->local.cors;
	else if (route.module != NULL && route.reason != REASON_PATH_AMBIGUOUS &&
		 route.reason != REASON_REQUEST_MALFORMED)
		cors = route.module->cors;
	if (cors == NULL)
		return false;
	if (cors != config->local.cors)
		transaction->fields.module = route.module->name;
	preflight_serve(transaction, cors);
	return true;
}

bool
endpoints_serve(struct gate *gate, struct transaction *transaction, const struct decision *decision)
{
	const struct services *services = transaction->snapshot->services;
	struct span path = decision->target.path;
	struct resource_line line = resource_read_line(
	    services->config, &decision->target, exchange_request(transaction->exchange)->method);

	if (line.status == 405 && line.module != NULL && line.module->cors != NULL &&
	    preflight_is(exchange_request(transaction->exchange))) {
		preflight_serve(transaction, line.module->cors);
	} else if (line.status != 0) {
		transaction->served_here = true;
		resource_serve(transaction, services->config, &line);
	} else if (serve_preflight(transaction, &decision->target)) {
		return true;
	} else if (services->issuer != NULL && issuer_serves(services->issuer, path)) {
		transaction->served_here = true;
		serve_issuer(gate, transaction, &decision->target);
	}
	return transaction->served_here;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/transaction.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "policy/prefix.h"
#include "policy/scope_hint.h"
#include "proxy/gate/preflight.h"
#include "proxy/io/offload.h"
#include "proxy/io/wait.h"

#define ID_BYTES 12
#define DRAWN_BYTES 1152

/* Random bytes are drawn for many requests at once, to save a system call for each. `count` is at
 * most DRAWN_BYTES. */
static bool
draw(unsigned char *bytes, size_t count)
{
	static _Thread_local unsigned char drawn[DRAWN_BYTES];
	static _Thread_local size_t left;

	if (left < count) {
		if (!digest_random(drawn, sizeof(drawn)))
			return false;
		left = sizeof(drawn);
	}
	left -= count;
	memcpy(bytes, drawn + left, count);
	return true;
}

bool
transaction_start(struct transaction *transaction, struct exchange *exchange, struct arena *arena)
{
	unsigned char id[ID_BYTES];

	*transaction = (struct transaction){ .exchange = exchange,
		.request = exchange_request(exchange),
		.arena = arena,
		.max_forwards = -1 };
	if (!draw(id, sizeof(id)))
		return false;
	base64url_encode((struct span){ (const char *)id, sizeof(id) }, transaction->id);
	return true;
}

const struct forwarded_rules *
transaction_trusted(const struct transaction *transaction)
{
	return transaction->snapshot == NULL ? NULL : &transaction->snapshot->config->forwarded;
}

void
transaction_trace(struct transaction *transaction)
{
	const struct request *request = transaction->request;

	transaction->trace_parent = trace_parent_of(request);
	if (transaction->snapshot->config->rules.keep_request_id)
		transaction->client_id = trace_request_id(request);
}

/* The upstream gets the client's traceparent or, without a valid one, a new one. The gate makes no
 * span of its own, so it is passed on as it is. */
static bool
begin_trace(struct transaction *transaction, struct headers_setup *setup)
{
	unsigned char random[TRACE_RANDOM_BYTES];

	setup->trace_made = transaction->trace_parent.at == NULL ||
			    transaction->trace_parent.at == transaction->made_parent;
	if (transaction->trace_parent.at == NULL) {
		if (!draw(random, sizeof(random)))
			return false;
		trace_parent_make(random, transaction->made_parent);
		transaction->trace_parent = span_of(transaction->made_parent);
	}
	setup->trace_parent = transaction->trace_parent;
	return true;
}

struct span
transaction_peer(const struct transaction *transaction, const struct config *config)
{
	if (!config->policy.asks_peer && (config->next == NULL || !config->next->policy.asks_peer))
		return (struct span){ 0 };
	return span_of(transaction->request->peer);
}

struct judge_inputs
transaction_inputs(const struct transaction *transaction)
{
	return (struct judge_inputs){ .snapshot = transaction->snapshot,
		.config = transaction->snapshot->config,
		.peer = transaction_peer(transaction, transaction->snapshot->config),
		.certificate = transaction->request->certificate,
		.now_s = clock_now_s(),
		.mono_s = clock_mono_s() };
}

/* Names of roles are copied: the snapshot that lends them may be let go. NULL: no memory. */
static const struct access_caller *
tell_caller(const struct policy *policy, const struct caller *caller, struct arena *arena)
{
	struct access_caller *told = arena_alloc(arena, sizeof(*told));
	struct span *roles = arena_array(arena, policy->role_count + 1, sizeof(*roles));

	if (told == NULL || roles == NULL)
		return NULL;
	told->roles.at = roles;
	for (size_t i = 0; i < policy->role_count; i++)
		if (principal_has(&caller->principal, i))
			roles[told->roles.count++] =
			    span_of(arena_text(arena, span_of(policy->roles[i].name)));
	told->scopes = caller->principal.scopes;
	told->groups = caller->groups;
	if (caller->principal.client_name != NULL)
		told->client_name = arena_text(arena, span_of(caller->principal.client_name));
	return told;
}

void
transaction_tell(struct transaction *transaction, const struct decision *decision)
{
	const struct config *config = transaction->snapshot->config;
	const struct route_match *route = &decision->route;
	const struct principal *principal =
	    decision->caller == NULL ? NULL : &decision->caller->principal;

	transaction->cors = preflight_lines(route->module == NULL ? NULL : route->module->cors,
	    transaction->request, transaction->arena);
	transaction->shadow_reason = decision->verdict.shadow_reason;
	transaction->detail = decision->verdict.detail;
	transaction->public = route->public;
	transaction->principal = principal;
	transaction->policy = &config->policy;
	transaction->fields = (struct access_fields){ .pattern = route->pattern,
		.host = route->host == NULL ? NULL : route->host->name,
		.basic = decision->basic,
		.metadata = config->resource.metadata };
	if (route->module != NULL && route->module->resource != NULL)
		transaction->fields.metadata = route->module->resource->metadata;
	if (route->privilege != NULL) {
		transaction->fields.privilege = route->privilege->name;
		transaction->fields.scope =
		    scope_hint(&config->policy, route->privilege, principal, transaction->arena);
	}
	if (route->module != NULL)
		transaction->fields.module = route->module->name;
	if (decision->issuer_index < config->trusted_issuer_count)
		transaction->fields.issuer = config->trusted_issuers[decision->issuer_index].name;
	if (principal != NULL) {
		transaction->fields.subject = principal->subject;
		transaction->fields.client = principal->client;
		transaction->fields.user = principal->user;
		if (config->log_caller)
			transaction->fields.caller =
			    tell_caller(&config->policy, decision->caller, transaction->arena);
	}
}

void
transaction_tell_lockout(const struct transaction *transaction, const struct login_attempt *attempt)
{
	struct log_line line;

	if (!log_wants(LOG_WARN))
		return;
	log_begin(&line, "locked_out");
	if (attempt->hash != NULL)
		log_text(&line, "user", attempt->name);
	log_text(&line, "peer", attempt->peer);
	log_number(&line, "seconds", transaction->wait_s);
	log_text(&line, "request_id", span_of(transaction->id));
	log_end(&line, LOG_WARN);
}

/* May this upgrade be passed on? Only one protocol, requested without a body, and never h2c: the
 * requests in an h2c connection would bypass the gate. */
static bool
wants_upgrade(const struct request *request)
{
	struct span upgrade = request_header(request, "Upgrade");

	return upgrade.at != NULL && request->version_minor == 1 &&
	       request->framing != BODY_CHUNKED && request->content_length == 0 &&
	       span_find(upgrade, ',') == upgrade.len &&
	       !span_equal_nocase(span_slice(upgrade, 0, 3), SPAN("h2c")) &&
	       request_connection_has(request, "upgrade");
}

static void
let_go(void *transaction)
{
	transaction_let_go(transaction);
}

/* Map the references of the answer, or not. The texts are copied: the snapshot may be let go before
 * the answer's head is written. False: no memory. */
static bool
map_references(struct transaction *transaction, const struct backend *backend,
    const struct headers_setup *setup)
{
	struct arena *arena = transaction->arena;
	struct location *location = &transaction->location;

	if (!backend->rewrite_location)
		return true;
	*location = (struct location){ .secure = backend->secure,
		.host = setup->request->sent_host,
		.base = span_of(arena_text(arena, backend->path)),
		.prefix = span_of(arena_text(arena, backend->strip_prefix)),
		.sent = span_of(arena_format(
		    arena, "%.*s%.*s", SPAN_ARG(backend->path), SPAN_ARG(setup->path))) };
	if (backend->host.at != NULL)
		location->host = span_of(arena_text(arena, backend->host));
	transaction->forward.location = location;
	return location->base.at != NULL && location->prefix.at != NULL &&
	       location->sent.at != NULL;
}

/* What is for the gate alone in this request. */
static struct headers_hidden
hidden_of(const struct policy *policy, const struct module *module)
{
	struct headers_hidden hidden = { 0 };

	if (policy->credential_cookies.count > 0)
		hidden.cookies = &policy->credential_cookies;
	if (policy->credential_queries.count > 0)
		hidden.queries = &policy->credential_queries;
	hidden.websocket_protocol = module != NULL && module->credentials != NULL &&
				    module->credentials->websocket_protocol;
	return hidden;
}

/* Set what the request line and Host say: the target that was judged, as its upstream wants it. */
static enum reason
settle_target(struct transaction *transaction, const struct decision *decision,
    const struct backend *backend, struct headers_setup *setup)
{
	const struct module *module = decision->route.module;
	struct target target = decision->target;

	if (!credentials_hide(
		module == NULL ? NULL : module->credentials, &target, transaction->arena))
		return REASON_OVERLOADED;
	setup->query = target.query;
	setup->has_query = target.has_query;
	setup->path = prefix_strip(target.path, backend->strip_prefix);
	if (setup->path.at == NULL) {
		transaction->detail = "no upstream serves this path: it does not begin with "
				      "strip_prefix";
		return REASON_UPSTREAM_UNREACHABLE;
	}
	setup->prefix = backend->path;
	setup->host = backend->host;
	return REASON_OK;
}

enum reason
transaction_prepare(struct transaction *transaction, const struct decision *decision)
{
	const struct request *request = transaction->request;
	const struct services *services = transaction->snapshot->services;
	const struct config_limits *limits = &services->config->limits;
	struct group *group = services_group(services, decision->route.module);
	const struct backend *backend = config_backend(services->config, decision->route.module);
	struct headers_setup setup = {
		.rules = &services->config->rules,
		.request = request,
		.upgrade = wants_upgrade(request),
		.request_id = transaction->client_id.at != NULL ? transaction->client_id
								: span_of(transaction->id),
		.max_forwards = transaction->max_forwards < 0 ? -1 : transaction->max_forwards - 1,
		.via = transaction->via,
		.hidden = hidden_of(&services->config->policy, decision->route.module),
	};
	enum reason reason;

	if (!begin_trace(transaction, &setup))
		return REASON_OVERLOADED;
	if (limits->body_bytes > 0 && request->content_length > limits->body_bytes)
		return REASON_BODY_TOO_LARGE;
	if (group == NULL) {
		transaction->detail = "no upstream is configured for this path";
		return REASON_UPSTREAM_UNREACHABLE;
	}
	reason = settle_target(transaction, decision, backend, &setup);
	if (reason != REASON_OK)
		return reason;
	if (decision->caller != NULL) {
		setup.identity = decision->caller->identity;
		setup.identity_count = decision->caller->identity_count;
	}
	transaction->forward = (struct forward){
		.head = headers_make(&setup, transaction->arena),
		.upgrade = setup.upgrade,
		.bearer_offered = decision->credentials.place == CREDENTIALS_IN_PROTOCOL,
		.upstream_timeout_ms =
		    backend->timeout_ms > 0 ? backend->timeout_ms : limits->upstream_timeout_ms,
		.stream_timeout_ms = limits->stream_timeout_ms,
		.body_limit = limits->body_bytes,
		.request_id = span_of(transaction->id),
		.cors = transaction->cors,
		.arena = transaction->arena,
		.group = group,
		.lasts = let_go,
		.context = transaction,
	};
	if (!map_references(transaction, backend, &setup))
		return REASON_OVERLOADED;
	return transaction->forward.head.at == NULL ? REASON_OVERLOADED : REASON_OK;
}

static void
keep(struct transaction *transaction, const char **text)
{
	if (*text != NULL)
		*text = arena_text(transaction->arena, span_of(*text));
}

static void
keep_span(struct transaction *transaction, struct span *text)
{
	if (text->at != NULL)
		*text = span_of(arena_text(transaction->arena, *text));
}

/* For who asks later. */
static void
keep_roles(struct transaction *transaction)
{
	const struct policy *policy = transaction->policy;
	struct texts *roles = &transaction->roles;

	transaction->policy = NULL;
	if (policy == NULL || transaction->principal == NULL)
		return;
	roles->at = arena_array(transaction->arena, policy->role_count, sizeof(*roles->at));
	for (size_t i = 0; roles->at != NULL && i < policy->role_count; i++)
		if (principal_has(transaction->principal, i) &&
		    (roles->at[roles->count] =
			    arena_text(transaction->arena, span_of(policy->roles[i].name))) != NULL)
			roles->count++;
}

void
transaction_let_go(struct transaction *transaction)
{
	if (transaction->snapshot == NULL)
		return;
	keep(transaction, &transaction->detail);
	keep(transaction, &transaction->fields.privilege);
	keep(transaction, &transaction->next.privilege);
	keep(transaction, &transaction->fields.pattern);
	keep(transaction, &transaction->fields.host);
	keep(transaction, &transaction->fields.module);
	keep(transaction, &transaction->fields.issuer);
	keep(transaction, &transaction->fields.user);
	keep(transaction, &transaction->fields.metadata);
	keep_span(transaction, &transaction->fields.subject);
	keep_span(transaction, &transaction->fields.client);
	transaction->upstream = transaction->forwarded.upstream; /* which owns its URL */
	if (transaction->upstream != NULL)
		upstream_ref(transaction->upstream);
	keep_roles(transaction);
	snapshot_release(transaction->snapshot);
	transaction->snapshot = NULL;
}

void
transaction_end(struct transaction *transaction)
{
	snapshot_release(transaction->snapshot);
	upstream_unref(transaction->upstream);
	free(transaction->why);
}

bool
transaction_offload(
    const struct transaction *transaction, void (*run)(void *context), void *context)
{
	struct wait_client client;
	bool called;

	wait_attend(&client, exchange_socket(transaction->exchange));
	called = offload(run, context);
	wait_attend(NULL, -1);
	return called;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/resource.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/header_line.h"
#include "policy/scope_match.h"
#include "proxy/gate/answer.h"
#include "proxy/http/host.h"
#include "token/provider.h"
#include "token/tenant.h"

#define METHODS "GET, HEAD"

/* A list under way; a document that lacks a member of it is not sent. */
struct list {
	json_t *array;
	bool failed;
};

static void
add(struct list *list, json_t *member)
{
	if (json_array_append_new(list->array, member) != 0)
		list->failed = true;
}

static void
add_once(struct list *list, const char *text)
{
	json_t *member;
	size_t i;

	json_array_foreach(
	    list->array, i, member) if (strcmp(json_string_value(member), text) == 0) return;
	add(list, json_string(text));
}

/* Can a client request a token there? Not from a local issuer whose tokens are not accepted here.
 */
static bool
gives_tokens(const struct config *config, size_t index)
{
	if (config->has_local && index == config->local_index)
		return config->local.accept != LOCAL_NEVER;
	return !provider_workload(&config->trusted_issuers[index]);
}

/* A multi-tenant issuer is one authorization server for each tenant. */
static void
add_issuer(const struct trusted_issuer *trusted_issuer, struct list *list)
{
	const char *at = strcasestr(trusted_issuer->issuer, TENANT_TEMPLATE);

	if (at == NULL) {
		add_once(list, trusted_issuer->issuer);
		return;
	}
	for (size_t i = 0; i < trusted_issuer->tenants.count; i++)
		add(list, json_sprintf("%.*s%s%s", (int)(at - trusted_issuer->issuer),
			      trusted_issuer->issuer, trusted_issuer->tenants.at[i],
			      at + sizeof(TENANT_TEMPLATE) - 1));
}

/* The order matters: many clients use the first one. */
static struct list
issuers(const struct config *config)
{
	const struct texts *names = &config->resource.authorization_servers;
	struct list list = { json_array(), false };

	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < config->trusted_issuer_count; j++)
			if (trusted_issuer_is(&config->trusted_issuers[j], names->at[i]))
				add_issuer(&config->trusted_issuers[j], &list);
	for (size_t i = 0; names->node == NULL && i < config->trusted_issuer_count; i++)
		if (gives_tokens(config, i))
			add_issuer(&config->trusted_issuers[i], &list);
	return list;
}

/* Nobody can ask for a prefix. */
static void
add_scopes(struct list *list, const struct texts *scopes)
{
	for (size_t i = 0; i < scopes->count; i++)
		if (!scope_match_is_prefix(scopes->at[i]))
			add_once(list, scopes->at[i]);
}

static struct list
scopes(const struct config *config)
{
	struct list list = { json_array(), false };

	for (const struct privilege *privilege = config->policy.privileges; privilege != NULL;
	    privilege = privilege->next)
		add_scopes(&list, &privilege->scopes);
	for (size_t i = 0; i < config->policy.role_count; i++)
		for (const struct grant *grant = config->policy.roles[i].grants; grant != NULL;
		    grant = grant->next)
			add_scopes(&list, &grant->scopes);
	return list;
}

/* Empty members are left out (RFC 9728 section 3.2). False: no memory for all of it. */
static bool
put_list(json_t *object, const char *name, struct list list)
{
	if (list.array != NULL && !list.failed && json_array_size(list.array) == 0) {
		json_decref(list.array);
		return true;
	}
	return json_object_set_new(object, name, list.array) == 0 && !list.failed;
}

/* free() it; NULL: no memory. */
static char *
describe(const char *name, const struct config *config)
{
	struct list methods = { json_pack("[s]", "header"), false };
	json_t *object = json_object();
	bool whole = json_object_set_new(object, "resource", json_string(name)) == 0;
	char *text = NULL;

	whole = put_list(object, "authorization_servers", issuers(config)) && whole;
	whole = put_list(object, "scopes_supported", scopes(config)) && whole;
	whole = put_list(object, "bearer_methods_supported", methods) && whole;
	if (config->tls.client_certificate != TLS_CLIENT_NONE)
		whole = json_object_set_new(object, "tls_client_certificate_bound_access_tokens",
			    json_true()) == 0 &&
			whole;
	if (whole)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static bool
is_near(struct span path, struct span exact)
{
	if (span_ends(path, SPAN("/")))
		path.len--;
	if (span_ends(exact, SPAN("/")))
		exact.len--;
	return span_equal_nocase(path, exact);
}

struct resource_line
resource_read_line(const struct config *config, struct span path, struct span method)
{
	const char *own = config->resource.path;
	const char *exact = CONFIG_RESOURCE_PATH;

	if (own != NULL && is_near(path, span_of(own)))
		exact = own;
	else if (!is_near(path, span_of(exact)))
		return (struct resource_line){ 0, "", "" };
	if (!span_is(path, exact))
		return (struct resource_line){ 404, "this document's path is exactly ", exact };
	if (!span_is(method, "GET") && !span_is(method, "HEAD"))
		return (struct resource_line){ 405, "the method must be ", METHODS };
	return (struct resource_line){ 200, "", "" };
}

const char *
resource_name(const struct config *config, const struct request *request, struct arena *arena)
{
	if (config->resource.url != NULL)
		return config->resource.url;
	if (!host_plain(request->host))
		return NULL;
	return arena_format(
	    arena, "%s://%.*s", request->secure ? "https" : "http", SPAN_ARG(request->host));
}

/* There is no word among the reasons for what is wrong: nothing was judged. */
static void
add_problem(struct buffer *body, const struct resource_line *line, const char *request_id)
{
	buffer_format(body,
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s",
	    line->status == 404 ? "Not Found" : "Method Not Allowed", line->status, line->told);
	buffer_add_text(body, line->wanted);
	buffer_add_text(body, "\",\"instance\":");
	buffer_add_json(body, span_of(request_id));
	buffer_add_text(body, "}\n");
}

static void
write_answer(struct transaction *transaction, const struct resource_line *line, struct span body)
{
	bool good = line->status == 200;
	struct answer answer = { .status = line->status, .body = body };
	struct buffer headers;

	buffer_init(&headers, 1024);
	header_line_add(&headers, SPAN("Content-Type"),
	    good ? SPAN("application/json") : SPAN("application/problem+json"));
	if (good) {
		header_line_add(&headers, SPAN("Vary"), SPAN("Host"));
	} else {
		header_line_add(&headers, SPAN("Cache-Control"), SPAN("no-store"));
		header_line_add(&headers, SPAN("X-Postern"), SPAN("refused"));
	}
	if (line->status == 405)
		header_line_add(&headers, SPAN("Allow"), span_of(line->wanted));
	header_line_add(&headers, SPAN("X-Request-Id"), span_of(transaction->id));
	answer.headers = buffer_span(&headers);
	if (headers.failed) {
		transaction->reason = REASON_OVERLOADED;
	} else {
		transaction->status = line->status;
		answer_write(transaction->exchange, &answer);
	}
	buffer_done(&headers);
}

static void
serve_document(
    struct transaction *transaction, const struct config *config, const struct resource_line *line)
{
	const struct request *request = exchange_request(transaction->exchange);
	const char *name = resource_name(config, request, transaction->arena);
	char *text;

	if (name == NULL) {
		transaction->reason = REASON_REQUEST_MALFORMED;
		transaction->detail =
		    request->host.len > 0
			? "the Host header is no name or address that a client could use"
			: "without a Host header it is unknown by which name clients use this gate";
		return;
	}
	text = describe(name, config);
	if (text == NULL)
		transaction->reason = REASON_OVERLOADED;
	else
		write_answer(transaction, line, span_of(text));
	free(text);
}

void
resource_serve(
    struct transaction *transaction, const struct config *config, const struct resource_line *line)
{
	struct buffer problem;

	if (line->status == 200) {
		serve_document(transaction, config, line);
		return;
	}
	buffer_init(&problem, 4096);
	add_problem(&problem, line, transaction->id);
	transaction->detail = arena_format(transaction->arena, "%s%s", line->told, line->wanted);
	if (problem.failed)
		transaction->reason = REASON_OVERLOADED;
	else
		write_answer(transaction, line, buffer_span(&problem));
	buffer_done(&problem);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/resource.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proxy/gate/answer.h"
#include "proxy/http/header.h"
#include "proxy/http/host.h"

static bool
holds(const json_t *array, const char *text)
{
	size_t i;
	json_t *member;

	json_array_foreach(
	    array, i, member) if (strcmp(json_string_value(member), text) == 0) return true;
	return false;
}

static void
add_once(json_t *array, const char *text)
{
	if (!holds(array, text))
		json_array_append_new(array, json_string(text));
}

/* Can a client request a token there? Not where tokens are provided by the workload's environment,
 * and not from a local issuer whose tokens are not accepted here. */
static bool
gives_tokens(const struct config *config, size_t index)
{
	static const char *const workloads[] = { "kubernetes", "github", "gitlab" };

	if (config->has_local && index == config->local_index)
		return config->local.accept != LOCAL_NEVER;
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (strcmp(config->trusted_issuers[index].provider, workloads[i]) == 0)
			return false;
	return true;
}

/* A multi-tenant issuer is one authorization server for each tenant. */
static void
add_issuer(const struct trusted_issuer *trusted_issuer, json_t *array)
{
	static const char template[] = "{tenantid}";
	const char *at = strstr(trusted_issuer->issuer, template);

	if (at == NULL) {
		add_once(array, trusted_issuer->issuer);
		return;
	}
	for (size_t i = 0; i < trusted_issuer->tenants.count; i++)
		json_array_append_new(
		    array, json_sprintf("%.*s%s%s", (int)(at - trusted_issuer->issuer),
			       trusted_issuer->issuer, trusted_issuer->tenants.at[i],
			       at + sizeof(template) - 1));
}

/* The order matters: many clients use the first one. */
static json_t *
issuers(const struct config *config)
{
	const struct texts *names = &config->resource.authorization_servers;
	json_t *array = json_array();

	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < config->trusted_issuer_count; j++)
			if (strcmp(config->trusted_issuers[j].name, names->at[i]) == 0)
				add_issuer(&config->trusted_issuers[j], array);
	for (size_t i = 0; names->node == NULL && i < config->trusted_issuer_count; i++)
		if (gives_tokens(config, i))
			add_issuer(&config->trusted_issuers[i], array);
	return array;
}

static json_t *
scopes(const struct config *config)
{
	json_t *array = json_array();

	for (const struct privilege *privilege = config->policy.privileges; privilege != NULL;
	    privilege = privilege->next)
		for (size_t i = 0; i < privilege->scopes.count; i++)
			add_once(array, privilege->scopes.at[i]);
	for (size_t i = 0; i < config->policy.role_count; i++)
		for (const struct grant *grant = config->policy.roles[i].grants; grant != NULL;
		    grant = grant->next)
			if (grant->scope != NULL)
				add_once(array, grant->scope);
	return array;
}

/* Empty members are left out (RFC 9728 section 3.2). */
static void
put_list(json_t *object, const char *name, json_t *array)
{
	if (json_array_size(array) > 0)
		json_object_set_new(object, name, array);
	else
		json_decref(array);
}

static char *
describe(const char *name, const struct config *config)
{
	json_t *object = json_object();
	char *text;

	json_object_set_new(object, "resource", json_string(name));
	put_list(object, "authorization_servers", issuers(config));
	put_list(object, "scopes_supported", scopes(config));
	put_list(object, "bearer_methods_supported", json_pack("[s]", "header"));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

bool
resource_path(const struct config *config, struct span path)
{
	return span_is(path, CONFIG_RESOURCE_PATH) ||
	       (config->resource.path != NULL && span_is(path, config->resource.path));
}

int
resource_status(struct span method)
{
	return span_is(method, "GET") || span_is(method, "HEAD") ? 200 : 405;
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

void
resource_serve(struct transaction *transaction, const struct config *config)
{
	const struct request *request = exchange_request(transaction->exchange);
	struct answer answer = { .status = resource_status(request->method) };
	const char *name = resource_name(config, request, transaction->arena);
	struct buffer headers;
	char *body = NULL;

	if (name == NULL) {
		transaction->reason = REASON_REQUEST_MALFORMED;
		transaction->detail =
		    request->host.len > 0
			? "the Host header is no name or address that a client could use"
			: "without a Host header it is unknown by which name clients use this gate";
		return;
	}
	buffer_init(&headers, 1024);
	if (answer.status == 200) {
		body = describe(name, config);
		if (body == NULL) {
			transaction->reason = REASON_OVERLOADED;
			return;
		}
		answer.body = span_of(body);
		header_add(&headers, SPAN("Content-Type"), SPAN("application/json"));
		header_add(&headers, SPAN("Vary"), SPAN("Host"));
	} else {
		header_add(&headers, SPAN("Allow"), SPAN(RESOURCE_METHODS));
	}
	header_add(&headers, SPAN("X-Request-Id"), span_of(transaction->id));
	answer.headers = buffer_span(&headers);
	transaction->status = answer.status;
	answer_write(transaction->exchange, &answer);
	buffer_done(&headers);
	free(body);
}

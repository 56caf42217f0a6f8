/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/resource.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/header_line.h"
#include "policy/module_resource.h"
#include "policy/role.h"
#include "policy/scope_match.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/preflight.h"
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

static void
add_role_scopes(struct list *list, const struct role *role)
{
	for (const struct grant *grant = role == NULL ? NULL : role->grants; grant != NULL;
	    grant = grant->next)
		add_scopes(list, &grant->scopes);
}

static void
add_roles_scopes(struct list *list, const struct policy *policy, const struct texts *roles)
{
	for (size_t i = 0; i < roles->count; i++)
		add_role_scopes(list, role_find(policy, span_of(roles->at[i])));
}

static struct list
all_scopes(const struct policy *policy)
{
	struct list list = { json_array(), false };

	for (const struct privilege *privilege = policy->privileges; privilege != NULL;
	    privilege = privilege->next)
		add_scopes(&list, &privilege->scopes);
	for (size_t i = 0; i < policy->role_count; i++)
		add_role_scopes(&list, &policy->roles[i]);
	return list;
}

/* What opens the module's paths. Some clients ask for every scope in this list. */
static struct list
module_scopes(const struct policy *policy, const struct module *module)
{
	struct list list = { json_array(), false };

	for (const struct privilege *privilege = policy->privileges; privilege != NULL;
	    privilege = privilege->next) {
		if (!module_resource_opened(policy, module, privilege))
			continue;
		add_scopes(&list, &privilege->scopes);
		add_roles_scopes(&list, policy, &privilege->roles);
		add_roles_scopes(&list, policy, &privilege->all_roles);
	}
	return list;
}

static struct list
scopes(const struct policy *policy, const struct module *module)
{
	return module == NULL ? all_scopes(policy) : module_scopes(policy, module);
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
describe(const char *name, const struct config *config, const struct module *module)
{
	struct list methods = { json_pack("[s]", "header"), false };
	json_t *object = json_object();
	bool whole = json_object_set_new(object, "resource", json_string(name)) == 0;
	char *text = NULL;

	whole = put_list(object, "authorization_servers", issuers(config)) && whole;
	whole = put_list(object, "scopes_supported", scopes(&config->policy, module)) && whole;
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

/* The paths of metadata, in order: those of modules, of the gate, and the one that is always there.
 * A module that has the gate's path has its URL, too, and says more. */
struct places {
	const struct config *config;
	const struct module *module; /* the next one */
	int left;
};

static bool
next_place(struct places *places, struct resource_line *ret_line)
{
	const struct module *module = places->module;
	const char *own = places->config->resource.path;

	while (module != NULL && module->resource == NULL)
		module = module->next;
	*ret_line = (struct resource_line){ 404, "this document's path is exactly ",
		PROTECTED_RESOURCE_PATH, module };
	places->module = module == NULL ? NULL : module->next;
	if (module != NULL)
		ret_line->wanted = module->resource->path;
	else if (places->left == 2 && own != NULL)
		ret_line->wanted = own;
	return module != NULL || places->left-- > 0;
}

static bool
has_host(const struct config *config, const struct resource_line *line, struct span host)
{
	const struct protected_resource *resource =
	    line->module != NULL ? line->module->resource : config->resource.own;

	return resource != NULL && span_equal_nocase(span_of(resource->host), host);
}

/* The place that is that path or, if none is, nearly. */
static struct resource_line
find_place(const struct config *config, const struct target *target)
{
	struct places places = { config, config->policy.modules, 2 };
	struct resource_line found = { 0, "", "", NULL }, line;

	while (next_place(&places, &line)) {
		if (span_is(target->path, line.wanted)) {
			line.status = 200;
			if (has_host(config, &line, target->host))
				return line;
		} else if (!is_near(target->path, span_of(line.wanted))) {
			continue;
		}
		if (found.status == 0 || (found.status == 404 && line.status == 200))
			found = line;
	}
	return found;
}

struct resource_line
resource_read_line(const struct config *config, const struct target *target, struct span method)
{
	struct resource_line line = find_place(config, target);

	if (line.status == 200 && !span_is(method, "GET") && !span_is(method, "HEAD"))
		return (struct resource_line){ 405, "the method must be ", METHODS, line.module };
	return line;
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

/* For caches: the headers of requests by which the document is chosen or made. Without `resource`
 * its name is that by which the client came (resource_name()). */
static void
add_vary(struct buffer *headers, const struct config *config, const struct resource_line *line)
{
	bool named = line->module != NULL || config->resource.url != NULL;
	unsigned believed = config->forwarded.headers;

	if (!named)
		header_line_add(headers, SPAN("Vary"), SPAN("Host"));
	if (!named && (believed & FORWARDED_PROTO) != 0)
		header_line_add(headers, SPAN("Vary"), SPAN("X-Forwarded-Proto"));
	if ((believed & FORWARDED_HOST) != 0)
		header_line_add(headers, SPAN("Vary"), SPAN("X-Forwarded-Host"));
	if ((believed & FORWARDED_ELEMENTS) != 0)
		header_line_add(headers, SPAN("Vary"), SPAN("Forwarded"));
}

static void
write_answer(struct transaction *transaction, const struct config *config,
    const struct resource_line *line, struct span body)
{
	bool good = line->status == 200;
	struct answer answer = { .status = line->status, .body = body };
	struct buffer headers;

	buffer_init(&headers, 32768);
	header_line_add(&headers, SPAN("Content-Type"),
	    good ? SPAN("application/json") : SPAN("application/problem+json"));
	if (good) {
		add_vary(&headers, config, line);
	} else {
		header_line_add(&headers, SPAN("Cache-Control"), SPAN("no-store"));
		header_line_add(&headers, SPAN("X-Postern"), SPAN("refused"));
	}
	if (line->status == 405)
		header_line_add(&headers, SPAN("Allow"), span_of(line->wanted));
	buffer_add(&headers, transaction->cors);
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
	const char *name = line->module != NULL
			       ? line->module->resource->url
			       : resource_name(config, request, transaction->arena);
	char *text;

	if (name == NULL) {
		transaction->reason = REASON_REQUEST_MALFORMED;
		transaction->detail =
		    request->host.len > 0
			? "the Host header is no name or address that a client could use"
			: "without a Host header it is unknown by which name clients use this gate";
		return;
	}
	text = describe(name, config, line->module);
	if (text == NULL)
		transaction->reason = REASON_OVERLOADED;
	else
		write_answer(transaction, config, line, span_of(text));
	free(text);
}

void
resource_serve(
    struct transaction *transaction, const struct config *config, const struct resource_line *line)
{
	struct buffer problem;

	if (line->module != NULL)
		transaction->cors = preflight_lines(line->module->cors,
		    exchange_request(transaction->exchange), transaction->arena);
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
		write_answer(transaction, config, line, buffer_span(&problem));
	buffer_done(&problem);
}

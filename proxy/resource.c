/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/resource.h"

#include <stdlib.h>

#include <jansson.h>

#include "proxy/answer.h"

static bool
holds(const json_t *array, const char *text)
{
	size_t i;
	json_t *member;

	json_array_foreach(
	    array, i, member) if (strcmp(json_string_value(member), text) == 0) return true;
	return false;
}

static json_t *
issuers(const struct config *config)
{
	json_t *array = json_array();

	for (size_t i = 0; i < config->profile_count; i++)
		json_array_append_new(array, json_string(config->profiles[i].issuer));
	return array;
}

static json_t *
scopes(const struct config *config)
{
	json_t *array = json_array();

	for (const struct privilege *privilege = config->policy.privileges; privilege != NULL;
	     privilege = privilege->next)
		for (size_t i = 0; i < privilege->scopes.count; i++)
			if (!holds(array, privilege->scopes.at[i]))
				json_array_append_new(array, json_string(privilege->scopes.at[i]));
	return array;
}

/* Members with nothing in them are left out (RFC 9728 section 3.2). */
static void
put_list(json_t *object, const char *name, json_t *array)
{
	if (json_array_size(array) > 0)
		json_object_set_new(object, name, array);
	else
		json_decref(array);
}

static char *
describe(const struct request *request, const struct config *config)
{
	json_t *object = json_object();
	char *text;

	json_object_set_new(object, "resource",
	    json_sprintf("%s://%.*s", request->secure ? "https" : "http", SPAN_ARG(request->host)));
	put_list(object, "authorization_servers", issuers(config));
	put_list(object, "scopes_supported", scopes(config));
	put_list(object, "bearer_methods_supported", json_pack("[s]", "header"));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

void
resource_serve(struct job *job, const struct config *config)
{
	const struct request *request = exchange_request(job->exchange);
	struct answer answer = { .status = 200 };
	char *body = NULL;

	if (span_is(request->method, "GET") || span_is(request->method, "HEAD")) {
		body = describe(request, config);
		if (body == NULL) {
			job->reason = REASON_OVERLOADED;
			return;
		}
		answer.body = span_of(body);
		answer.headers = span_of(arena_format(
		    job->arena, "Content-Type: application/json\r\nX-Request-Id: %s\r\n", job->id));
	} else {
		answer.status = 405;
		answer.headers = span_of(
		    arena_format(job->arena, "Allow: GET, HEAD\r\nX-Request-Id: %s\r\n", job->id));
	}
	job->status = answer.status;
	answer_write(job->exchange, &answer);
	free(body);
}

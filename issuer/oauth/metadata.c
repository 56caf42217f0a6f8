/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

#include <stdio.h>
#include <string.h>

#include "base/header_line.h"
#include "issuer/oauth/assertion.h"

#define DOCUMENT_MAX (64u << 10)

static const char *const content_types[ENDPOINT_COUNT] = {
	[ENDPOINT_JWKS] = "application/jwk-set+json",
	[ENDPOINT_OAUTH] = "application/json",
	[ENDPOINT_OPENID] = "application/json",
};

static bool
make_paths(struct authorization_server *server)
{
	struct span base = span_of(server->issuer);

	if (span_ends(base, SPAN("/")))
		base.len--;
	server->base = arena_text(&server->arena, base);
	return server->base != NULL &&
	       endpoint_place(server->issuer, &server->arena, &server->paths);
}

/* --- documents --- */

static void
add_url(const struct authorization_server *server, const char *key, const char *below,
    struct buffer *json)
{
	char *url = NULL;
	struct arena arena;

	arena_init(&arena, DOCUMENT_MAX);
	url = arena_format(&arena, "%s%s", server->base, below);
	buffer_format(json, ",\"%s\":", key);
	if (url == NULL)
		json->failed = true;
	else
		buffer_add_json(json, span_of(url));
	arena_done(&arena);
}

/* Append an endpoint's URL and how clients authenticate there: the same for all three. */
static void
add_endpoint(const struct authorization_server *server, const char *name, const char *below,
    struct buffer *json)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "%s_endpoint", name);
	add_url(server, key, below, json);
	buffer_format(json,
	    ",\"%s_auth_methods_supported\":[\"client_secret_basic\",\"client_secret_post\","
	    "\"private_key_jwt\"],\"%s_auth_signing_alg_values_supported\":[%s]",
	    key, key, assertion_algorithms);
}

/* RFC 8414 section 2. `response_types_supported` is required there, and nobody can log in here:
 * "none" (OAuth 2.0 Multiple Response Types, section 4) is the only value that promises nothing.
 * Many clients refuse a document without `authorization_endpoint`; ours only answers an error. */
static void
add_common(const struct authorization_server *server, struct buffer *json)
{
	buffer_add_text(json, "{\"issuer\":");
	buffer_add_json(json, span_of(server->issuer));
	add_url(server, "jwks_uri", ENDPOINT_JWKS_PATH, json);
	add_url(server, "authorization_endpoint", ENDPOINT_AUTHORIZE_PATH, json);
	add_endpoint(server, "token", ENDPOINT_TOKEN_PATH, json);
	add_endpoint(server, "revocation", ENDPOINT_REVOKE_PATH, json);
	add_endpoint(server, "introspection", ENDPOINT_INTROSPECT_PATH, json);
	buffer_add_text(json, ",\"response_types_supported\":[\"none\"]"
			      ",\"grant_types_supported\":[\"client_credentials\"]");
}

static void
make_documents(struct authorization_server *server)
{
	struct buffer *oauth = &server->documents[ENDPOINT_OAUTH];
	struct buffer *openid = &server->documents[ENDPOINT_OPENID];

	add_common(server, oauth);
	buffer_add_text(oauth, "}");
	add_common(server, openid);
	/* add_signing_algorithms() completes it at each request */
	buffer_add_text(openid, ",\"subject_types_supported\":[\"public\"]");
}

bool
metadata_make(struct authorization_server *server, struct err *reterr)
{
	bool failed;
	int i;

	for (i = 0; i < ENDPOINT_COUNT; i++)
		buffer_init(&server->documents[i], DOCUMENT_MAX);
	failed = !make_paths(server);
	if (!failed)
		make_documents(server);
	for (i = 0; i < ENDPOINT_COUNT; i++)
		failed |= server->documents[i].failed;
	return !failed || err_set(reterr, "no memory");
}

/* --- answering --- */

/* There are no ID Tokens here, but OpenID Connect Discovery section 3 requires the member, and
 * RS256 in it. Clients such as go-oidc and PyJWT verify our tokens by the algorithms in this list,
 * so it also has that of each published key. */
static void
add_signing_algorithms(const struct authorization_server *server, struct buffer *json)
{
	struct signing_set *set = signing_now(server->signing);
	unsigned written = 1u << SIGNING_RS256;

	buffer_add_text(json, ",\"id_token_signing_alg_values_supported\":[\"RS256\"");
	for (size_t i = 0; i < set->count; i++) {
		enum signing_algorithm algorithm = signing_key_algorithm(set->keys[i]);

		if ((written & (1u << algorithm)) == 0)
			buffer_format(json, ",\"%s\"", signing_algorithms[algorithm]);
		written |= 1u << algorithm;
	}
	buffer_add_text(json, "]}");
	signing_set_free(set);
}

/* Each key once: one that several gates have is listed as our own. The lock is held. */
static void
add_shared(const struct shared_keys *shared, const struct signing_set *own, struct buffer *json)
{
	size_t i, j;

	if (shared == NULL || shared->count == 0 || json->failed)
		return;
	json->len -= sizeof("]}") - 1;
	for (i = 0; i < shared->count; i++) {
		for (j = 0; j < i && strcmp(shared->keys[j].kid, shared->keys[i].kid) != 0; j++)
			continue;
		if (j == i && signing_set_find(own, shared->keys[i].kid) == SIZE_MAX)
			buffer_format(json, ",%s", shared->keys[i].jwk);
	}
	buffer_add_text(json, "]}");
}

void
metadata_jwks(struct authorization_server *server, struct buffer *json)
{
	struct signing_set *own = signing_now(server->signing);

	signing_jwks(own, json);
	(void)pthread_mutex_lock(&server->parts_lock);
	add_shared(server->shared, own, json);
	(void)pthread_mutex_unlock(&server->parts_lock);
	signing_set_free(own);
}

void
metadata_answer(
    struct authorization_server *server, enum endpoint endpoint, struct endpoint_answer *answer)
{
	answer->status = 200;
	/* Short, so that a new signing key is seen soon. */
	header_line_add(&answer->headers, SPAN("Content-Type"), span_of(content_types[endpoint]));
	header_line_add(&answer->headers, SPAN("Cache-Control"), SPAN("public, max-age=300"));
	buffer_add(&answer->body, buffer_span(&server->documents[endpoint]));
	if (endpoint == ENDPOINT_JWKS)
		metadata_jwks(server, &answer->body);
	else if (endpoint == ENDPOINT_OPENID)
		add_signing_algorithms(server, &answer->body);
}

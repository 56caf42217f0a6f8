/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

#include <string.h>

#define ARENA_MAX (64u << 10)
#define ANSWER_MAX (256u << 10)

void
authorization_server_init(struct authorization_server *server)
{
	arena_init(&server->arena, ARENA_MAX);
	(void)pthread_mutex_init(&server->parts_lock, NULL);
}

/* RFC 7523 section 3: the token endpoint's URL may name the server, and so may its issuer's.
 * Clients name the endpoint they ask, too. */
static bool
make_urls(struct authorization_server *server)
{
	struct arena *arena = &server->arena;
	const char **urls = arena_array(arena, 4, sizeof(*urls));

	if (urls == NULL)
		return false;
	urls[0] = server->issuer;
	urls[1] = arena_format(arena, "%s/oauth/token", server->base);
	urls[2] = arena_format(arena, "%s/oauth/revoke", server->base);
	urls[3] = arena_format(arena, "%s/oauth/introspect", server->base);
	server->urls = (struct texts){ urls, 4, NULL };
	return urls[1] != NULL && urls[2] != NULL && urls[3] != NULL;
}

bool
authorization_server_ready(struct authorization_server *server, struct err *reterr)
{
	if (!metadata_make(server, reterr))
		return false;
	server->last_used = last_used_new();
	server->parts.revoked = revoked_new();
	if (!make_urls(server) || server->last_used == NULL || server->parts.revoked == NULL)
		return err_set(reterr, "no memory");
	return true;
}

void
authorization_server_done(struct authorization_server *server)
{
	shared_keys_free(server->shared);
	issuer_parts_drop(&server->parts);
	last_used_free(server->last_used);
	memory_unref(server->memory);
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		buffer_done(&server->documents[i]);
	(void)pthread_mutex_destroy(&server->parts_lock);
	arena_done(&server->arena);
}

void
authorization_server_parts(struct authorization_server *server, struct issuer_parts *ret_parts)
{
	(void)pthread_mutex_lock(&server->parts_lock);
	*ret_parts = issuer_parts_ref(&server->parts);
	(void)pthread_mutex_unlock(&server->parts_lock);
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
authorization_server_jwks(struct authorization_server *server, struct buffer *json)
{
	struct signing_set *own = signing_now(server->signing);

	signing_jwks(own, json);
	(void)pthread_mutex_lock(&server->parts_lock);
	add_shared(server->shared, own, json);
	(void)pthread_mutex_unlock(&server->parts_lock);
	signing_set_free(own);
}

void
authorization_server_answer(struct authorization_server *server,
    const struct endpoint_request *request, int64_t now_s, struct endpoint_answer *answer)
{
	enum endpoint endpoint = endpoint_find(server, request->path);

	*answer = (struct endpoint_answer){ .status = 404, .error = "" };
	buffer_init(&answer->headers, ANSWER_MAX);
	buffer_init(&answer->body, ANSWER_MAX);
	buffer_init(&answer->introspected, ENDPOINT_MAX_BODY);
	if (endpoint == ENDPOINT_TOKEN)
		token_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_REVOKE)
		revoke_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_INTROSPECT)
		introspect_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_AUTHORIZE)
		authorize_endpoint_answer(request, answer);
	else if (endpoint != ENDPOINT_COUNT)
		metadata_answer(server, endpoint, request, answer);
	else
		endpoint_missed(server, request, answer);
	endpoint_answer_failed(answer);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

#define ARENA_MAX (64u << 10)

void
authorization_server_init(struct authorization_server *server)
{
	arena_init(&server->arena, ARENA_MAX);
	(void)pthread_mutex_init(&server->parts_lock, NULL);
}

/* RFC 7523 section 3 allows the token endpoint's URL as `aud`, and the issuer's. Some clients use
 * the URL of the endpoint that they call, so these are allowed as well. */
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

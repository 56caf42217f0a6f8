/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/credential_places.h"

#include <string.h>

#define ALPHANUMERIC "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/* A token (RFC 6265 section 4.1.1), and what never needs an escape (RFC 3986 section 2.3). */
#define COOKIE_CHARACTERS ALPHANUMERIC "!#$%&'*+-.^_`|~"
#define QUERY_CHARACTERS ALPHANUMERIC "-._~"

const struct field credential_places_fields[] = {
	{ .key = "cookie",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct credential_places, cookie),
	    .help = "name of a cookie that holds the token" },
	{ .key = "query",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct credential_places, query),
	    .help = "name of a parameter of the query that is the token" },
	{ .key = "websocket_protocol",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct credential_places, websocket_protocol),
	    .default_value = "false",
	    .help = "whether Sec-WebSocket-Protocol: bearer, TOKEN counts" },
	{ .key = NULL },
};

static void
check_name(
    const struct node *map, const char *name, const char *characters, struct mistakes *mistakes)
{
	if (name != NULL && name[strspn(name, characters)] != '\0')
		mistake_at_key(mistakes, map, "\"%.64s\" cannot be a name without an escape", name);
}

const struct credential_places *
credential_places_read(const struct node *map, struct mistakes *mistakes)
{
	struct credential_places *places;
	size_t errors = mistakes->errors;

	if (map == NULL)
		return NULL;
	places = arena_alloc(mistakes->arena, sizeof(*places));
	if (places == NULL) {
		mistake_at(mistakes, map, ERR_MEMORY);
		return NULL;
	}
	schema_read(map, credential_places_fields, places, mistakes);
	check_name(map, places->cookie, COOKIE_CHARACTERS, mistakes);
	check_name(map, places->query, QUERY_CHARACTERS, mistakes);
	if (mistakes->errors == errors && places->cookie == NULL && places->query == NULL &&
	    !places->websocket_protocol)
		mistake_at(mistakes, map,
		    "names no place: give cookie, query or "
		    "websocket_protocol");
	return places;
}

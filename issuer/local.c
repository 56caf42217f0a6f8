/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local.h"

#include <stddef.h>

#include "issuer/audience.h"
#include "issuer/sql.h"

static const char *const accept_words[] = { "always", "fallback", "never", NULL };

/* clang-format off */
static const struct field local_fields[] = {
	{ .key = "issuer", .type = FIELD_URL, .offset = offsetof(struct local, issuer),
	  .required = true,
	  .told = "The `iss` of its tokens: the URL under which clients reach its endpoints." },
	{ .key = "audience", .type = FIELD_TEXT, .offset = offsetof(struct local, audience),
	  .required = true, .told = "The `aud` of its tokens." },
	{ .key = "resources", .type = FIELD_TEXTS, .offset = offsetof(struct local, resources),
	  .told = "Further `aud` that a client may ask for (`resource` or `audience`); absolute "
	          "URIs." },
	{ .key = "introspection_role", .type = FIELD_TEXT,
	  .offset = offsetof(struct local, introspection_role), .otherwise = "introspection",
	  .told = "The role of the clients that may ask about tokens." },
	{ .key = "accept", .type = FIELD_WORD, .offset = offsetof(struct local, accept),
	  .otherwise = "always", .words = accept_words,
	  .told = "When its tokens count: always, fallback (only while every third-party issuer is "
	          "down) or never." },
	{ .key = "database", .type = FIELD_SECRET, .offset = offsetof(struct local, database),
	  .otherwise = "postern.db",
	  .told = "The SQLite file, relative to `state`, or postgresql://USER:PASSWORD@HOST/NAME; "
	          "also {env: NAME} or {file: PATH}." },
	{ .key = "token_lifetime", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct local, token_lifetime_s), .least = 60, .most = 86400,
	  .otherwise = "1h", .told = "How long its tokens live, unless the client says otherwise." },
	{ .key = "basic", .type = FIELD_BOOL, .offset = offsetof(struct local, basic),
	  .otherwise = "true", .told = "Basic authentication of local users on protected paths." },
	{ .key = "lockout", .type = FIELD_MAP, .offset = offsetof(struct local, lockout_map),
	  .told = "Who fails too often has to wait, longer each time." },
	{ .key = NULL }
};

static const struct field lockout_fields[] = {
	{ .key = "failures", .type = FIELD_COUNT, .offset = offsetof(struct lockout_rules, failures),
	  .most = 1000, .otherwise = "5",
	  .told = "Failures that are free, by name and peer; 0: nobody is locked out." },
	{ .key = "first", .type = FIELD_DURATION_S, .offset = offsetof(struct lockout_rules, first_s),
	  .least = 1, .most = 3600, .otherwise = "1s",
	  .told = "The first wait; each failure doubles it." },
	{ .key = "most", .type = FIELD_DURATION_S, .offset = offsetof(struct lockout_rules, most_s),
	  .least = 1, .most = 86400, .otherwise = "5m", .told = "The longest wait." },
	{ .key = "forget", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct lockout_rules, forget_s), .least = 1, .most = 604800,
	  .otherwise = "1h", .told = "After so long without a failure all is forgotten." },
	{ .key = NULL }
};
/* clang-format on */

static void
check_issuer(const struct node *map, const struct local *local, struct mistakes *mistakes)
{
	struct span issuer = span_of(local->issuer);

	/* RFC 8414 section 2: the issuer identifier has no query and no fragment. */
	if (span_find(issuer, '?') < issuer.len)
		mistake_at(mistakes, node_get(map, "issuer"), "must have no query");
}

static void
place_database(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes)
{
	/* The value is not repeated: it may hold a password. */
	if (sql_is_url(local->database)) {
		if (!sql_url_valid(local->database))
			mistake_at_key(mistakes, node_get(map, "database"),
			    "must be a URL that libpq can read: postgresql://USER:PASSWORD@HOST/NAME, "
			    "what is special in them percent-encoded");
		return;
	}
	if (local->database[0] != '/')
		local->database = arena_format(mistakes->arena, "%s/%s", state, local->database);
	if (local->database == NULL)
		mistake_at_key(mistakes, node_get(map, "database"), "no memory");
}

static void
check_resources(const struct local *local, struct mistakes *mistakes)
{
	size_t i;

	for (i = 0; i < local->resources.count; i++) {
		if (!audience_uri_valid(span_of(local->resources.at[i])))
			mistake_at(mistakes, local->resources.node,
			    "must be absolute URIs without a fragment");
	}
}

bool
local_audiences(const struct local *local, struct arena *arena, struct texts *ret_audiences)
{
	size_t i, count = local->resources.count + 1;
	const char **at = arena_array(arena, count, sizeof(*at));

	if (at == NULL)
		return false;
	for (i = 0; i < count; i++) {
		at[i] = arena_text(
		    arena, span_of(i == 0 ? local->audience : local->resources.at[i - 1]));
		if (at[i] == NULL)
			return false;
	}
	*ret_audiences = (struct texts){ .at = at, .count = count };
	return true;
}

const struct field *
local_schema(void)
{
	return local_fields;
}

const struct field *
local_lockout_schema(void)
{
	return lockout_fields;
}

void
local_read(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes)
{
	schema_read(map, local_fields, local, mistakes);
	schema_read(local->lockout_map, lockout_fields, &local->lockout, mistakes);
	if (local->issuer != NULL)
		check_issuer(map, local, mistakes);
	check_resources(local, mistakes);
	if (local->database != NULL)
		place_database(map, state, local, mistakes);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/local.h"

#include <stddef.h>
#include <string.h>

#include "issuer/oauth/audience.h"
#include "issuer/keys/signing_key.h"
#include "issuer/store/sql.h"

/* A day of keys, which the longest token may need, is to fit into SIGNING_MAX_KEYS. */
#define ROTATE_MIN_S 3600

static const char *const accept_words[] = { "always", "fallback", "never", NULL };

/* clang-format off */
static const struct field local_fields[] = {
	{ .key = "issuer", .type = FIELD_URL, .offset = offsetof(struct local, issuer),
	  .required = true, .url = URL_PATH,
	  .help = "The `iss` of its tokens: the URL at which clients reach its endpoints." },
	{ .key = "audience", .type = FIELD_TEXT, .offset = offsetof(struct local, audience),
	  .required = true, .help = "The `aud` of its tokens." },
	{ .key = "resources", .type = FIELD_TEXTS, .offset = offsetof(struct local, resources),
	  .help = "More `aud` values that a client may request (`resource` or `audience`); absolute "
	          "URIs." },
	{ .key = "introspection_role", .type = FIELD_TEXT,
	  .offset = offsetof(struct local, introspection_role), .default_value = "introspection",
	  .help = "The role of the clients that may introspect tokens." },
	{ .key = "accept", .type = FIELD_WORD, .offset = offsetof(struct local, accept),
	  .default_value = "always", .words = accept_words,
	  .help = "When its tokens are accepted: always, fallback (only while every third-party issuer is "
	          "down) or never." },
	{ .key = "database", .type = FIELD_SECRET, .offset = offsetof(struct local, database),
	  .default_value = "postern.db",
	  .help = "The SQLite file, relative to `state`, or postgresql://USER:PASSWORD@HOST/NAME; "
	          "also {env: NAME} or {file: PATH}." },
	{ .key = "token_lifetime", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct local, token_lifetime_s), .min = 60, .max = 86400,
	  .default_value = "1h", .help = "The lifetime of its tokens; a client may have its own." },
	{ .key = "basic", .type = FIELD_BOOL, .offset = offsetof(struct local, basic),
	  .default_value = "true", .help = "Basic authentication of local users on protected paths." },
	{ .key = "lockout", .type = FIELD_MAP, .offset = offsetof(struct local, lockout_map),
	  .help = "After too many failures a caller has to wait, longer each time." },
	{ .key = "signing", .type = FIELD_MAP, .offset = offsetof(struct local, signing_map),
	  .help = "The keys that sign its tokens." },
	{ .key = "fallback", .type = FIELD_MAP, .offset = offsetof(struct local, fallback_map),
	  .help = "When `accept: fallback` takes over." },
	{ .key = "cors", .type = FIELD_MAP, .offset = offsetof(struct local, cors_map),
	  .help = "Pages of which origins a browser lets call its endpoints." },
	{ .key = NULL }
};

static const struct field signing_fields[] = {
	{ .key = "algorithm", .type = FIELD_WORD, .offset = offsetof(struct local_signing, algorithm),
	  .default_value = "ES256", .words = signing_algorithms,
	  .help = "ES256, RS256, PS256 or EdDSA. Changing it rotates the key." },
	{ .key = "rotate_after", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct local_signing, rotate_after_s), .max = 3650 * 86400,
	  .default_value = "90d", .help = "How long a key signs; 0s: until somebody rotates it." },
	{ .key = "publish_ahead", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct local_signing, publish_ahead_s), .max = 30 * 86400,
	  .default_value = "1h", .help = "How long a new key is published before it signs." },
	{ .key = "key", .type = FIELD_MAP, .offset = offsetof(struct local_signing, key_map),
	  .help = "The key that signs, instead of keys generated under `state`." },
	{ .key = NULL }
};

static const struct field key_fields[] = {
	{ .key = "file", .type = FIELD_PATH, .offset = offsetof(struct local_signing, key_file),
	  .required = true,
	  .help = "A private key in PEM (PKCS #8) that only the owner can read; read again when it "
	          "changes." },
	{ .key = NULL }
};

static const struct field fallback_fields[] = {
	{ .key = "after", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct standby_settings, after_s), .min = 1, .max = 86400,
	  .default_value = "60s",
	  .help = "An issuer without usable keys is down this long after its last successful fetch." },
	{ .key = "hold", .type = FIELD_DURATION_S, .offset = offsetof(struct standby_settings, hold_s),
	  .min = 1, .max = 86400, .default_value = "60s",
	  .help = "How long an issuer must be back before local tokens are refused again." },
	{ .key = NULL }
};

static const struct field lockout_fields[] = {
	{ .key = "failures", .type = FIELD_COUNT, .offset = offsetof(struct lockout_rules, failures),
	  .max = 1000, .default_value = "5",
	  .help = "Free failures per name and peer; 0: nobody is locked out." },
	{ .key = "first", .type = FIELD_DURATION_S, .offset = offsetof(struct lockout_rules, first_s),
	  .min = 1, .max = 3600, .default_value = "1s",
	  .help = "The first wait; each failure doubles it." },
	{ .key = "most", .type = FIELD_DURATION_S, .offset = offsetof(struct lockout_rules, most_s),
	  .min = 1, .max = 86400, .default_value = "5m", .help = "The longest wait." },
	{ .key = "forget", .type = FIELD_DURATION_S,
	  .offset = offsetof(struct lockout_rules, forget_s), .min = 1, .max = 604800,
	  .default_value = "1h", .help = "Failures are forgotten after this long without a new one." },
	{ .key = NULL }
};
/* clang-format on */

static void
place_database(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes)
{
	struct err err;

	/* The value is not repeated: it may hold a password. */
	if (sql_is_url(local->database)) {
		if (!sql_url_check(local->database, &err))
			mistake_at_key(mistakes, document_get(map, "database"), "%s", err.text);
		return;
	}
	if (strstr(local->database, "://") != NULL) {
		mistake_at_key(mistakes, document_get(map, "database"),
		    "must be a file or a postgresql:// URL");
		return;
	}
	if (local->database[0] != '/')
		local->database = arena_format(mistakes->arena, "%s/%s", state, local->database);
	if (local->database == NULL)
		mistake_at_key(mistakes, document_get(map, "database"), "no memory");
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

const struct schema_section local_sections[LOCAL_SECTIONS] = {
	{ "/local_issuer", local_fields },
	{ "/local_issuer/lockout", lockout_fields },
	{ "/local_issuer/signing", signing_fields },
	{ "/local_issuer/signing/key", key_fields },
	{ "/local_issuer/fallback", fallback_fields },
	{ "/local_issuer/cors", cors_fields },
};

static void
read_signing(struct local *local, struct mistakes *mistakes)
{
	struct local_signing *signing = &local->signing;

	schema_read(local->signing_map, signing_fields, signing, mistakes);
	if (signing->key_map != NULL)
		schema_read(signing->key_map, key_fields, signing, mistakes);
	if (signing->rotate_after_s == 0)
		return;
	if (signing->rotate_after_s < ROTATE_MIN_S)
		mistake_at(mistakes, document_get(local->signing_map, "rotate_after"),
		    "must be 0s or at least 1h");
	else if (signing->rotate_after_s <= signing->publish_ahead_s)
		mistake_at(mistakes, local->signing_map,
		    "\"rotate_after\" must be longer than \"publish_ahead\"");
}

void
local_read(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes)
{
	schema_read(map, local_fields, local, mistakes);
	schema_read(local->lockout_map, lockout_fields, &local->lockout, mistakes);
	schema_read(local->fallback_map, fallback_fields, &local->fallback, mistakes);
	read_signing(local, mistakes);
	local->cors = cors_read(local->cors_map, mistakes);
	check_resources(local, mistakes);
	if (local->database != NULL)
		place_database(map, state, local, mistakes);
}

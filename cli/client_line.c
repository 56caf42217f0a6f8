/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_line.h"

#include <string.h>

#include "cli/place.h"

#define ADD (1u << CLIENT_ADD)
#define FIELDS (ADD | 1u << CLIENT_CHANGE)
#define SECRETS (ADD | 1u << CLIENT_ROTATE)
#define PRINTING (SECRETS | 1u << CLIENT_LIST | 1u << CLIENT_SHOW)

static const char *const output_words[] = {
	[CLIENT_TABLE] = "table", [CLIENT_JSON] = "json", [CLIENT_ENV] = "env", NULL
};

static const char *
read_slot(const char *value, void *field)
{
	int *slot = field;

	if (strcmp(value, "1") == 0)
		*slot = ADMIN_SLOT_1;
	else if (strcmp(value, "2") == 0)
		*slot = ADMIN_SLOT_2;
	else if (strcmp(value, "both") == 0)
		*slot = ADMIN_SLOT_BOTH;
	else
		return "1, 2 or both";
	return NULL;
}

static const char *
read_lifetime(const char *value, void *field)
{
	struct admin_fields *fields = field;

	fields->has_lifetime = true;
	return schema_number(span_of(value), FIELD_DURATION_S, &fields->token_lifetime_s)
		   ? NULL
		   : "a duration such as 30m";
}

/* A number alone would be seconds, where days are meant. */
static const char *
read_expires(const char *value, void *field)
{
	int64_t *expires_s = field;

	return schema_number(span_of(value), FIELD_DURATION_S, expires_s) && *expires_s > 0 &&
		       strspn(value, "0123456789") < strlen(value)
		   ? NULL
		   : "a duration with its unit, such as 90d";
}

static const char *
read_method(const char *value, void *field)
{
	struct admin_fields *fields = field;

	fields->has_method = true;
	return client_method_find(span_of(value), &fields->method)
		   ? NULL
		   : "client_secret, client_secret_basic, client_secret_post or private_key_jwt";
}

#define FIELD_TEXT_ROW(word, member, text)                                                         \
	{ .name = (word),                                                                          \
		.argument = "TEXT",                                                                \
		.verbs = FIELDS,                                                                   \
		.help = (text),                                                                    \
		.may_be_empty = true,                                                              \
		.offset = offsetof(struct client_line, fields.member) }

const struct command_option client_options[] = {
	OPTION_ROW_CONFIG,
	OPTION_ROW_DATABASE,
	OPTION_ROW_STATE,
	{ .name = "--role",
	    .argument = "ROLE",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct client_line, roles),
	    .verbs = ADD,
	    .help = "a role to grant" },
	FIELD_TEXT_ROW("--label", label, "a short text for people"),
	FIELD_TEXT_ROW("--description", description, "what it is for"),
	FIELD_TEXT_ROW("--owner", owner, "who owns it"),
	FIELD_TEXT_ROW("--contact", contact, "whom to ask"),
	{ .name = "--scope",
	    .argument = "SCOPE",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct client_line, fields.scopes),
	    .verbs = FIELDS,
	    .help = "a scope it may request" },
	{ .name = "--no-scopes",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, no_scopes),
	    .verbs = FIELDS,
	    .help = "it may request no scopes" },
	{ .name = "--claim",
	    .argument = "NAME=VALUE",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct client_line, fields.claims),
	    .verbs = FIELDS,
	    .help = "a claim that its tokens carry, a text" },
	{ .name = "--no-claims",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, no_claims),
	    .verbs = FIELDS,
	    .help = "its tokens carry no claims of its own" },
	{ .name = "--token-lifetime",
	    .argument = "DURATION",
	    .kind = OPTION_READ,
	    .read = read_lifetime,
	    .offset = offsetof(struct client_line, fields),
	    .verbs = FIELDS,
	    .help = "the lifetime of its tokens, 1s to 24h (0s: the issuer's)" },
	{ .name = "--auth-method",
	    .argument = "METHOD",
	    .kind = OPTION_READ,
	    .read = read_method,
	    .nearest = client_method_nearest,
	    .offset = offsetof(struct client_line, fields),
	    .verbs = FIELDS,
	    .help = "client_secret (basic or post), client_secret_basic, client_secret_post or\n"
		    "                            private_key_jwt" },
	{ .name = "--jwks",
	    .argument = "FILE",
	    .offset = offsetof(struct client_line, jwks_path),
	    .verbs = FIELDS,
	    .help = "its public keys, a JWK Set; add then means private_key_jwt" },
	{ .name = "--expires",
	    .argument = "DURATION",
	    .kind = OPTION_READ,
	    .read = read_expires,
	    .offset = offsetof(struct client_line, expires_s),
	    .verbs = SECRETS,
	    .help = "how long the new secret counts (default: until it is revoked)" },
	{ .name = "--slot",
	    .argument = "1|2|both",
	    .kind = OPTION_READ,
	    .read = read_slot,
	    .offset = offsetof(struct client_line, slot),
	    .verbs = 1u << CLIENT_REVOKE_SECRET,
	    .help = "which secret (default: the older one)" },
	{ .name = "--revoke-other",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, revoke_other),
	    .verbs = 1u << CLIENT_ROTATE,
	    .help = "revoke the other secret at once" },
	{ .name = "--end-tokens",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, end_tokens),
	    .verbs = 1u << CLIENT_ROTATE,
	    .help = "also refuse the tokens issued until now" },
	{ .name = "--keep-tokens",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, keep_tokens),
	    .verbs = 1u << CLIENT_REVOKE_SECRET,
	    .help = "keep the tokens issued until now valid" },
	{ .name = "--output",
	    .argument = "table|json|env",
	    .kind = OPTION_WORD,
	    .offset = offsetof(struct client_line, output),
	    .words = output_words,
	    .verbs = PRINTING,
	    .help = "how to print (default: table); env is for secrets" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct client_line, json),
	    .verbs = PRINTING,
	    .help = "the same as --output json" },
	{ .name = NULL },
};

/* Is there an option that `change` can apply? */
static bool
changes(const struct client_line *line)
{
	for (size_t i = 0; client_options[i].name != NULL; i++)
		if (client_options[i].verbs == FIELDS && (line->line.given & 1u << i) != 0)
			return true;
	return false;
}

const char *
client_line_finish(struct client_line *line)
{
	if (line->json)
		line->output = CLIENT_JSON;
	line->fields.has_scopes = line->fields.scopes.count > 0 || line->no_scopes;
	if (line->fields.scopes.count > 0 && line->no_scopes)
		return "--scope and --no-scopes cannot be used together";
	line->fields.has_claims = line->fields.claims.count > 0 || line->no_claims;
	if (line->fields.claims.count > 0 && line->no_claims)
		return "--claim and --no-claims cannot be used together";
	if (line->output == CLIENT_ENV && (SECRETS & 1u << line->line.verb) == 0)
		return "--output env works with add and rotate only";
	if (line->line.verb == CLIENT_CHANGE && !changes(line))
		return "nothing to change: give an option";
	return NULL;
}

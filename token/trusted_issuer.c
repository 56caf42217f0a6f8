/* SPDX-License-Identifier: Apache-2.0 */
#include "token/trusted_issuer.h"

#include "base/json.h"
#include "base/nearest.h"
#include "base/pointer_lint.h"
#include "base/wildcard.h"
#include "token/provider.h"
#include "token/issuer_match.h"

#define AUDIENCE_ANY "any"

/* 100 years: in effect no limit, and cannot overflow. */
#define MAX_AGE_MAX_S (INT64_C(36500) * 86400)

/* issuers.NAME as it is written. */
struct settings {
	int provider;
	const char *issuer;
	struct texts aliases, tenants;
	struct texts audience, algorithms, types;
	int64_t skew_s, max_age_s;
	const struct node *require, *claims;
	const char *jwks_uri, *jwks_file; /* these and `jwks` are read on by source_read() */
	const struct node *jwks;
};

/* clang-format off */
static const struct field fields[] = {
	{ .key = "provider", .type = FIELD_WORD, .offset = offsetof(struct settings, provider),
	  .default_value = PROVIDER_GENERIC, .words = provider_words,
	  .aliases = provider_aliases,
	  .help = "Preset for a known provider." },
	{ .key = "issuer", .type = FIELD_TEXT, .offset = offsetof(struct settings, issuer),
	  .required = true, .help = "The exact `iss` of its tokens." },
	{ .key = "issuer_aliases", .type = FIELD_TEXTS, .offset = offsetof(struct settings, aliases),
	  .help = "Other `iss` of the same issuer, with the same keys. Default: the preset's." },
	{ .key = "tenants", .type = FIELD_TEXTS, .offset = offsetof(struct settings, tenants),
	  .help = "what may stand for the {NAME} in `issuer`; Entra: ids of tenants, for {tenantid}" },
	{ .key = "audience", .type = FIELD_TEXTS, .offset = offsetof(struct settings, audience),
	  .required = true,
	  .help = "A token must have one of these in `aud`. `any` turns the check off and requires "
	          "`require`." },
	{ .key = "jwks_uri", .type = FIELD_TEXT, .offset = offsetof(struct settings, jwks_uri),
	  .help = "URL of its key set. Default: from its discovery document." },
	{ .key = "jwks_file", .type = FIELD_TEXT, .offset = offsetof(struct settings, jwks_file),
	  .help = "A file with its key set, instead of `jwks_uri`." },
	{ .key = "jwks", .type = FIELD_NODE, .offset = offsetof(struct settings, jwks),
	  .help = "How its key set is fetched." },
	{ .key = "algorithms", .type = FIELD_TEXTS, .offset = offsetof(struct settings, algorithms),
	  .help = "Accepted `alg`. Default: whatever fits the key's type; never HS*, never none." },
	{ .key = "types", .type = FIELD_TEXTS, .offset = offsetof(struct settings, types),
	  .help = "Accepted `typ`; a token without one is accepted. Default: at+jwt and JWT." },
	{ .key = "clock_skew", .type = FIELD_DURATION_S, .offset = offsetof(struct settings, skew_s),
	  .min = 0, .max = 300, .default_value = "30s",
	  .help = "How far its clock and ours may differ." },
	{ .key = "max_age", .type = FIELD_DURATION_S, .offset = offsetof(struct settings, max_age_s),
	  .min = 1, .max = MAX_AGE_MAX_S, .help = "Maximum age of a token since `iat`." },
	{ .key = "require", .type = FIELD_MAP, .offset = offsetof(struct settings, require),
	  .help = "Required claims: JSON Pointer to a value or a list of values; an empty "
	          "list accepts any value." },
	{ .key = "claims", .type = FIELD_MAP, .offset = offsetof(struct settings, claims),
	  .help = "Where to find claims, instead of the preset's places." },
	{ .key = NULL }
};

static const struct field claims_fields[] = {
	{ .key = "subject", .type = FIELD_POINTERS,
	  .offset = offsetof(struct trusted_issuer_claims, subject), .help = "The first one found is the subject." },
	{ .key = "client", .type = FIELD_POINTERS,
	  .offset = offsetof(struct trusted_issuer_claims, client), .help = "The first one found is the client." },
	{ .key = "scopes", .type = FIELD_POINTERS,
	  .offset = offsetof(struct trusted_issuer_claims, scopes), .help = "All of them are combined." },
	{ .key = "groups", .type = FIELD_POINTERS,
	  .offset = offsetof(struct trusted_issuer_claims, groups), .help = "All of them are combined." },
	{ .key = "roles", .type = FIELD_POINTERS,
	  .offset = offsetof(struct trusted_issuer_claims, roles), .help = "All of them are combined." },
	{ .key = NULL }
};
/* clang-format on */

/* Gates that share a local issuer have different clocks, so allow a skew. */
#define LOCAL_SKEW_S 5

static const char *local_types[] = { "at+jwt" };

const struct field *
trusted_issuer_schema(void)
{
	return fields;
}

const struct field *
trusted_issuer_claims_schema(void)
{
	return claims_fields;
}

/* The node that the text at `index` was read from. */
static const struct node *
node_of(const struct texts *texts, size_t index)
{
	const struct node *node = texts->node;

	if (node->kind != NODE_LIST)
		return node;
	for (const struct node *one = node->first; one != NULL; one = one->next)
		if (one->text.at == texts->at[index])
			return one;
	return node;
}

static bool
is_empty(const struct texts *texts)
{
	return texts->node != NULL && texts->node->kind == NODE_LIST && texts->node->count == 0;
}

/* Globs are for paths only. */
static void
warn_of_star(const struct texts *texts, const char *instead, struct mistakes *mistakes)
{
	for (size_t i = 0; texts->node != NULL && i < texts->count; i++)
		wildcard_warn(mistakes, node_of(texts, i), texts->at[i], instead);
}

static void
no_algorithm(struct mistakes *mistakes, const struct node *node)
{
	struct nearest nearest = { .word = algorithm_nearest(node->text) };
	char hint[NEAREST_HINT];

	mistake_at(mistakes, node,
	    "must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA "
	    "(or Ed25519); HS* and none are never accepted%s",
	    nearest_hint(&nearest, hint));
}

static algorithm_set
read_algorithms(const struct texts *texts, struct mistakes *mistakes)
{
	algorithm_set set = 0;

	if (texts->node == NULL)
		return 0;
	if (is_empty(texts))
		mistake_at_key(mistakes, texts->node, "must name at least one algorithm");
	for (size_t i = 0; i < texts->count; i++) {
		enum algorithm algorithm = algorithm_find(span_of(texts->at[i]));

		if (algorithm == ALGORITHM_COUNT)
			no_algorithm(mistakes, node_of(texts, i));
		else
			set |= ALGORITHM_BIT(algorithm);
	}
	return set;
}

static void
read_types(
    const struct texts *texts, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	trusted_issuer->type_optional = true;
	if (is_empty(texts))
		mistake_at_key(mistakes, texts->node, "must name at least one type");
	trusted_issuer->types = *texts;
	warn_of_star(texts, "name each type", mistakes);
}

/* Check the preset's rules for `require` and for issuers that many customers share. */
static void
check_require(int provider, struct trusted_issuer *trusted_issuer, const struct node *map,
    struct mistakes *mistakes)
{
	const char *shared = provider_shared(trusted_issuer);

	if (shared != NULL)
		mistake_at_key(mistakes, map,
		    "\"require\" must name one of %s, with a value: this issuer signs for all its "
		    "customers alike",
		    shared);
	if (!provider_require(provider, trusted_issuer, mistakes->arena))
		mistake_at_key(mistakes, map, "no memory");
}

static void
read_audience(const struct settings *settings, struct trusted_issuer *trusted_issuer,
    struct mistakes *mistakes)
{
	const struct node *node = settings->audience.node;

	trusted_issuer->audience = settings->audience;
	if (node == NULL)
		return;
	warn_of_star(&settings->audience,
	    "name the audience of your API, or write any, with \"require\"", mistakes);
	if (is_empty(&settings->audience))
		mistake_at_key(mistakes, node, "must name at least one audience");
	if (node->kind != NODE_SCALAR || node->quoted || !span_is(node->text, AUDIENCE_ANY))
		return;
	trusted_issuer->any_audience = true;
	trusted_issuer->audience.count = 0;
	if (trusted_issuer->require == NULL)
		mistake_at(mistakes, node,
		    "needs \"require\": without an audience, another claim must identify "
		    "tokens for this API");
}

/* An empty scalar: `/tid:` or `/tid: null`. */
static bool
is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->quoted &&
	       (node->text.len == 0 || span_is(node->text, "~") || span_is(node->text, "null"));
}

static bool
add_value(struct texts *values, const struct node *node, struct mistakes *mistakes)
{
	if (node->kind != NODE_SCALAR || is_null(node)) {
		mistake_at(mistakes, node, "must be a value or a list of values");
		return false;
	}
	values->at[values->count++] = node->text.at;
	return true;
}

static bool
read_values(const struct node *node, struct texts *values, struct mistakes *mistakes)
{
	bool done = true;

	values->node = node;
	values->at = arena_array(mistakes->arena, node->count + 1, sizeof(char *));
	if (values->at == NULL) {
		mistake_at_key(mistakes, node, "no memory");
		return false;
	}
	if (node->kind != NODE_LIST)
		return add_value(values, node, mistakes);
	for (const struct node *one = node->first; one != NULL; one = one->next)
		done = add_value(values, one, mistakes) && done;
	return done;
}

static void
read_require(
    const struct node *map, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	struct trusted_issuer_require **last = &trusted_issuer->require;
	char room[POINTER_LINT_ROOM];
	const char *odd;

	for (const struct node *node = map == NULL ? NULL : map->first; node != NULL;
	    node = node->next) {
		struct trusted_issuer_require *require =
		    arena_alloc(mistakes->arena, sizeof(*require));

		if (require == NULL) {
			mistake_at_key(mistakes, node, "no memory");
			return;
		}
		if (node->key.len == 0 || !json_pointer_valid(node->key)) {
			mistake_at_key(mistakes, node, "must be a JSON Pointer such as /token_use");
			continue;
		}
		odd = pointer_lint(node->key, POINTER_OF_ONE, room);
		if (odd != NULL)
			mistake_by(
			    mistakes, mistake_place_at_key(node, MISTAKE_CLAIM_POINTER), "%s", odd);
		require->pointer = node->key.at;
		if (!read_values(node, &require->values, mistakes))
			continue;
		warn_of_star(&require->values, "list each value; for any value write []", mistakes);
		*last = require;
		last = &require->next;
	}
}

/* "*" matches each entry of a list; it makes no sense for a subject or a client, which are single
 * values. */
static void
check_pointers(const struct texts *pointers, enum pointer_use use, struct mistakes *mistakes)
{
	char room[POINTER_LINT_ROOM];

	for (size_t i = 0; pointers->node != NULL && i < pointers->count; i++) {
		const char *odd = pointer_lint(span_of(pointers->at[i]), use, room);

		if (odd != NULL)
			mistake_by(mistakes,
			    mistake_place_at_key(node_of(pointers, i), MISTAKE_CLAIM_POINTER), "%s",
			    odd);
	}
}

static void
check_claims(const struct trusted_issuer_claims *claims, struct mistakes *mistakes)
{
	check_pointers(&claims->subject, POINTER_OF_ONE, mistakes);
	check_pointers(&claims->client, POINTER_OF_ONE, mistakes);
	check_pointers(&claims->scopes, POINTER_OF_LISTS, mistakes);
	check_pointers(&claims->groups, POINTER_OF_LISTS, mistakes);
	check_pointers(&claims->roles, POINTER_OF_LISTS, mistakes);
}

void
trusted_issuer_read(
    const struct node *map, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes)
{
	struct settings settings = { 0 };

	*trusted_issuer = (struct trusted_issuer){ .name = map->key.at, .node = map };
	schema_read(map, fields, &settings, mistakes);
	trusted_issuer->provider = provider_words[settings.provider];
	trusted_issuer->issuer = settings.issuer;
	trusted_issuer->skew_s = settings.skew_s;
	trusted_issuer->max_age_s = settings.max_age_s;
	trusted_issuer->algorithms = read_algorithms(&settings.algorithms, mistakes);
	read_types(&settings.types, trusted_issuer, mistakes);
	read_require(settings.require, trusted_issuer, mistakes);
	read_audience(&settings, trusted_issuer, mistakes);
	trusted_issuer->aliases = settings.aliases;
	warn_of_star(&settings.aliases, "name each issuer", mistakes);
	trusted_issuer->tenants = settings.tenants;
	issuer_match_read(map, trusted_issuer, mistakes);
	check_require(settings.provider, trusted_issuer, map, mistakes);
	provider_types(settings.provider, &trusted_issuer->types);
	if (settings.algorithms.node == NULL)
		trusted_issuer->algorithms = provider_algorithms(settings.provider);
	schema_read(settings.claims, claims_fields, &trusted_issuer->claims, mistakes);
	check_claims(&trusted_issuer->claims, mistakes);
	provider_claims(settings.provider, &trusted_issuer->claims);
	trusted_issuer->source.name = trusted_issuer->name;
	trusted_issuer->source.issuer = trusted_issuer->issuer;
	source_read(map, &trusted_issuer->source, mistakes);
}

bool
trusted_issuer_is(const struct trusted_issuer *trusted_issuer, const char *name)
{
	return strcmp(trusted_issuer->name, name) == 0 ||
	       (trusted_issuer->family != NULL && strcmp(trusted_issuer->family, name) == 0);
}

void
trusted_issuer_local(
    struct trusted_issuer *trusted_issuer, const char *issuer, const char *audience)
{
	*trusted_issuer = (struct trusted_issuer){
		.name = TRUSTED_ISSUER_LOCAL,
		.provider = PROVIDER_GENERIC,
		.issuer = issuer,
		.only_audience = audience,
		.algorithms = ALGORITHM_ALL,
		.types = { .at = local_types, .count = 1 },
		.skew_s = LOCAL_SKEW_S,
		.source = { .name = TRUSTED_ISSUER_LOCAL, .issuer = issuer, .kind = SOURCE_GIVEN },
	};
	trusted_issuer->audience =
	    (struct texts){ .at = &trusted_issuer->only_audience, .count = 1 };
	provider_claims(provider_find(PROVIDER_GENERIC), &trusted_issuer->claims);
}

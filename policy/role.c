/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/role.h"

#include <stdlib.h>
#include <string.h>

#include "base/distinguished_name.h"
#include "base/nearest.h"
#include "policy/condition_lint.h"
#include "token/issuer_match.h"

/* What schema_read() fills. */
struct role_row {
	const struct node *granted_to;
};

const struct field role_fields[] = {
	{ .key = "granted_to",
	    .type = FIELD_LIST,
	    .offset = offsetof(struct role_row, granted_to),
	    .help = "who has the role: any one line; within a line all must hold" },
	{ .key = NULL },
};

const struct field grant_fields[] = {
	{ .key = "issuer",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, issuer),
	    .help = "the token is from this issuer; default: from any" },
	{ .key = "scope",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct grant, scopes),
	    .help = "the token has this scope, or every one of these; \"orders:*\" is any that "
		    "begins so" },
	{ .key = "group",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct grant, groups),
	    .help = "the token names this group, or every one of these" },
	{ .key = "role",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct grant, roles),
	    .help = "the token names this role, or every one of these" },
	{ .key = "claim",
	    .type = FIELD_POINTER,
	    .offset = offsetof(struct grant, claim),
	    .help = "JSON Pointer of a claim that is present, and neither null nor false" },
	{ .key = "equals",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct grant, equals),
	    .help = "the claim is one of these, or a list with one of these" },
	{ .key = "prefix",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, prefix),
	    .help = "the claim is a text that begins with this, or a list with one" },
	{ .key = "exists",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct grant, exists),
	    .default_value = "false",
	    .help = "true: the claim is present, and not null; it may be false" },
	{ .key = "client",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, client),
	    .help = "name or id of a client of the local issuer; with issuer: its client claim" },
	{ .key = "user",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, user),
	    .help = "a user of the local issuer" },
	{ .key = "certificate",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, certificate),
	    .help = "the whole subject of the connection's client certificate (RFC 4514)" },
	{ .key = "peer",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct grant, peer),
	    .help = "the network that the client is in, such as 10.0.0.0/8, or the word unix" },
	{ .key = NULL },
};

static bool
is_issuer(const struct policy_names *names, const char *name)
{
	if (names->local_issuer != NULL && strcmp(names->local_issuer, name) == 0)
		return true;
	for (size_t i = 0; i < names->trusted_issuer_count; i++)
		if (trusted_issuer_is(&names->trusted_issuers[i], name))
			return true;
	return false;
}

static bool
is_local(const struct policy_names *names, const char *issuer)
{
	return names->local_issuer != NULL && strcmp(names->local_issuer, issuer) == 0;
}

/* A line without any condition would grant the role to everybody. */
static bool
is_empty(const struct grant *grant)
{
	return grant->issuer == NULL && grant->scopes.count == 0 && grant->groups.count == 0 &&
	       grant->roles.count == 0 && grant->claim == NULL && grant->client == NULL &&
	       grant->user == NULL && grant->certificate == NULL && grant->peer == NULL;
}

static void
no_issuer(struct reader *reader, const struct node *node)
{
	const struct policy_names *names = reader->names;
	struct nearest nearest =
	    issuer_match_nearest(names->trusted_issuers, names->trusted_issuer_count, node->text);
	struct mistake_place place = mistake_place_at(node, MISTAKE_UNKNOWN_NAME);
	char hint[NEAREST_HINT];

	if (span_is(node->text, TRUSTED_ISSUER_LOCAL))
		mistake_by(reader->mistakes, place,
		    "is the local issuer, and there is no \"local_issuer\" in the configuration");
	else if (span_is(node->text, "*"))
		mistake_by(reader->mistakes, place,
		    "no issuer of that name: for tokens of any issuer leave \"issuer\" out");
	else
		mistake_by(reader->mistakes, place, "no issuer of that name%s",
		    nearest_hint(&nearest, hint));
}

/* The subject in the form in which it is compared. */
static void
read_certificate(struct reader *reader, const struct node *node, struct grant *grant)
{
	struct span name;
	struct err err;

	if (!distinguished_name_read(span_of(grant->certificate), reader->arena, &name, &err))
		mistake_at(reader->mistakes, node, "is not a subject (RFC 4514): %s", err.text);
	else
		grant->certificate = name.at;
}

static void
read_peer(struct reader *reader, const struct node *node, struct grant *grant)
{
	struct cidr *cidr = reader_array(reader, 1, sizeof(*cidr));
	struct err err;

	reader->policy->asks_peer = true;
	if (strcmp(grant->peer, "unix") == 0)
		grant->network.has_unix = true;
	else if (cidr != NULL && cidr_read(span_of(grant->peer), cidr, &err))
		grant->network = (struct cidr_set){ cidr, 1, false };
	else if (cidr != NULL)
		mistake_at(reader->mistakes, node, "%s", err.text);
}

/* At most one way of asking about a claim, and none without a claim. */
static void
check_claim(struct reader *reader, const struct node *node, const struct grant *grant)
{
	static const char *const keys[] = { "equals", "prefix", "exists" };
	const struct node *asked = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct node *here = document_get(node, keys[i]);

		if (here != NULL && grant->claim == NULL)
			mistake_at(reader->mistakes, here, "needs a \"claim\" next to it");
		else if (here != NULL && asked != NULL)
			mistake_at(reader->mistakes, here,
			    "is one too many: a claim takes "
			    "\"equals\", \"prefix\" or \"exists\"");
		asked = here != NULL ? here : asked;
	}
	if (document_get(node, "exists") != NULL && !grant->exists)
		mistake_at(reader->mistakes, document_get(node, "exists"),
		    "must be true: there is no condition that a claim is absent");
}

/* A list without an entry would always hold. */
static void
check_lists(struct reader *reader, const struct node *node, const struct grant *grant)
{
	const struct {
		const char *key;
		const struct texts *texts;
	} lists[] = { { "scope", &grant->scopes }, { "group", &grant->groups },
		{ "role", &grant->roles }, { "equals", &grant->equals } };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct node *here = document_get(node, lists[i].key);

		if (here != NULL && lists[i].texts->count == 0)
			mistake_at(reader->mistakes, here, "is empty");
	}
}

static void
check_grant(struct reader *reader, const struct node *node, struct grant *grant)
{
	const struct policy_names *names = reader->names;
	size_t errors = reader->mistakes->errors;

	if (grant->issuer != NULL && !is_issuer(names, grant->issuer))
		no_issuer(reader, document_get(node, "issuer"));
	check_claim(reader, node, grant);
	check_lists(reader, node, grant);
	if (is_empty(grant) && reader->mistakes->errors == errors)
		mistake_at(reader->mistakes, node, "needs at least one condition");
	if (grant->user != NULL && grant->issuer != NULL && !is_local(names, grant->issuer))
		mistake_at(reader->mistakes, document_get(node, "user"),
		    "is a user of the local issuer; for a token's subject write claim: /sub");
	if (grant->certificate != NULL)
		read_certificate(reader, document_get(node, "certificate"), grant);
	if (grant->peer != NULL)
		read_peer(reader, document_get(node, "peer"), grant);
	if (reader->mistakes->errors == errors)
		condition_lint_grant(reader, node, grant);
}

static void
read_grants(struct reader *reader, const struct node *list, struct role *role)
{
	struct grant **end = &role->grants;

	if (list == NULL || list->kind != NODE_LIST)
		return;
	for (const struct node *node = list->first; node != NULL; node = node->next) {
		struct grant *grant = reader_array(reader, 1, sizeof(*grant));
		size_t errors = reader->mistakes->errors;

		if (grant == NULL)
			return;
		schema_read(node, grant_fields, grant, reader->mistakes);
		grant->node = node;
		if (reader->mistakes->errors == errors)
			check_grant(reader, node, grant);
		*end = grant;
		end = &grant->next;
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct role *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static bool
count_fits(struct reader *reader, const struct node *roles)
{
	if (roles->count <= POLICY_MAX_ROLES)
		return true;
	mistake_at_key(reader->mistakes, roles, "more than %d roles", POLICY_MAX_ROLES);
	return false;
}

void
role_read(struct reader *reader, const struct node *roles)
{
	struct policy *policy = reader->policy;
	struct role_row row;

	if (roles == NULL || roles->kind != NODE_MAP || !count_fits(reader, roles))
		return;
	policy->roles = reader_array(reader, roles->count, sizeof(struct role));
	if (policy->roles == NULL)
		return;
	for (const struct node *node = roles->first; node != NULL; node = node->next) {
		struct role *role = &policy->roles[policy->role_count];

		if (!reader_name(reader, node))
			continue;
		policy->role_count++;
		role->name = node->key.at;
		row = (struct role_row){ 0 };
		schema_read(reader_map(node), role_fields, &row, reader->mistakes);
		read_grants(reader, row.granted_to, role);
	}
	qsort(policy->roles, policy->role_count, sizeof(struct role), by_name);
	for (size_t i = 0; i < policy->role_count; i++)
		policy->roles[i].index = i;
	policy->role_words = (policy->role_count + 63) / 64;
}

bool
role_can_be_had(const struct role *role, const struct policy_names *names)
{
	if (names->local_issuer != NULL)
		return true;
	for (const struct grant *grant = role->grants; grant != NULL; grant = grant->next)
		if (!condition_lint_local(grant, names))
			return true;
	return false;
}

const struct role *
role_find(const struct policy *policy, struct span name)
{
	size_t low = 0, high = policy->role_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct span here = span_of(policy->roles[middle].name);
		size_t shared = here.len < name.len ? here.len : name.len;
		int order = shared == 0 ? 0 : memcmp(name.at, here.at, shared);

		if (order == 0 && here.len == name.len)
			return &policy->roles[middle];
		if (order > 0 || (order == 0 && name.len > here.len))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

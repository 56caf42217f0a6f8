/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_case.h"

#include "base/clock.h"
#include "base/nearest.h"
#include "cli/json_schema.h"
#include "proxy/gate/assume.h"
#include "policy/reader.h"
#include "policy/role.h"

/* What schema_read() fills. */
struct case_row {
	const char *name, *request, *expect, *privilege, *role, *at, *certificate, *peer, *host;
	const struct node *caller;
};

static const struct field file_fields[] = {
	{ .key = "cases", .type = FIELD_LIST, .required = true, .help = "the cases" },
	{ .key = NULL },
};

static const char *const caller_words[] = { "anonymous", NULL };

static const struct field case_fields[] = {
	{ .key = "name",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, name),
	    .help = "what the case shows; default: its request" },
	{ .key = "caller",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct case_row, caller),
	    .required = true,
	    .words = caller_words,
	    .help = "who asks; or the word anonymous" },
	{ .key = "host",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, host),
	    .default_value = "localhost",
	    .help = "the host that the request is for" },
	{ .key = "certificate",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, certificate),
	    .help = "the subject of the client's verified certificate (RFC 4514); default: none" },
	{ .key = "peer",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, peer),
	    .help = "the client's address, or the word unix; default: not known" },
	{ .key = "request",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, request),
	    .required = true,
	    .help = "METHOD PATH" },
	{ .key = "expect",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, expect),
	    .required = true,
	    .help = "allow, or the reason of the refusal" },
	{ .key = "privilege",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, privilege),
	    .help = "the privilege that decides" },
	{ .key = "role",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, role),
	    .help = "a role that the caller holds" },
	{ .key = "at",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct case_row, at),
	    .help = "as of this time: Unix seconds or RFC 3339; default: now" },
	{ .key = NULL },
};

static const struct field caller_fields[] = {
	{ .key = "issuer",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct policy_case_caller, issuer),
	    .help = "a token of this issuer" },
	{ .key = "claims",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct policy_case_caller, claims),
	    .help = "with these claims" },
	{ .key = "client",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct policy_case_caller, client),
	    .help = "a client of the local issuer" },
	{ .key = "user",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct policy_case_caller, user),
	    .help = "a user of the local issuer, by Basic" },
	{ .key = "roles",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct policy_case_caller, roles),
	    .help = "roles that the database grants" },
	{ .key = "scopes",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct policy_case_caller, scopes),
	    .help = "scopes of a caller of whom only roles and scopes are known" },
	{ .key = NULL },
};

const struct schema_section policy_case_sections[] = {
	{ "", file_fields },
	{ "/cases/-", case_fields },
	{ "/cases/-/caller", caller_fields },
	{ "/cases/-/caller/claims", json_schema_anything },
	{ NULL, NULL },
};

/* Report an unknown name at its node, with the nearest of those that were offered. */
static void
unknown(struct policy_cases *cases, const struct node *node, const struct nearest *nearest,
    const char *what)
{
	char hint[NEAREST_HINT];

	mistake_at(&cases->mistakes, node, "no such %s%s", what, nearest_hint(nearest, hint));
}

static void
check_privilege(struct policy_cases *cases, const struct node *node)
{
	struct nearest nearest;

	if (node == NULL)
		return;
	nearest = nearest_to(node->text);
	for (const struct privilege *one = cases->config->policy.privileges; one != NULL;
	    one = one->next) {
		if (span_is(node->text, one->name))
			return;
		nearest_offer(&nearest, one->name);
	}
	unknown(cases, node, &nearest, "privilege");
}

static void
check_role(struct policy_cases *cases, const struct node *node)
{
	const struct policy *policy = &cases->config->policy;
	struct nearest nearest;

	if (node == NULL || role_find(policy, node->text) != NULL)
		return;
	nearest = nearest_to(node->text);
	for (size_t i = 0; i < policy->role_count; i++)
		nearest_offer(&nearest, policy->roles[i].name);
	unknown(cases, node, &nearest, "role");
}

/* The local issuer's tokens are those of its clients. */
static void
check_issuer(struct policy_cases *cases, const struct node *node)
{
	const struct config *config = cases->config;
	const char *tenant = NULL; /* of the issuer of that name */
	struct nearest nearest;

	if (node == NULL)
		return;
	nearest = nearest_to(node->text);
	for (size_t i = 0; i < config->trusted_issuer_count; i++) {
		const struct trusted_issuer *one = &config->trusted_issuers[i];

		if (config->has_local && i == config->local_index)
			continue;
		if (span_is(node->text, one->name))
			return;
		if (tenant == NULL && one->family != NULL && span_is(node->text, one->family))
			tenant = one->name;
		nearest_offer(&nearest, one->name);
	}
	if (tenant != NULL)
		nearest.word = tenant;
	unknown(cases, node, &nearest, "third-party issuer");
}

static enum reason
read_expect(struct policy_cases *cases, const struct node *node)
{
	struct nearest nearest;

	if (node == NULL || span_is(node->text, "allow"))
		return REASON_OK;
	nearest = nearest_to(node->text);
	nearest_offer(&nearest, "allow");
	for (int i = REASON_OK + 1; i < REASON_COUNT; i++) {
		if (span_is(node->text, reason_word((enum reason)i)))
			return (enum reason)i;
		nearest_offer(&nearest, reason_word((enum reason)i));
	}
	unknown(cases, node, &nearest, "reason");
	return REASON_OK;
}

/* "METHOD PATH" */
static void
read_request(struct policy_cases *cases, const struct node *node, struct policy_case *one)
{
	size_t space;

	if (node == NULL)
		return;
	space = span_find(node->text, ' ');
	one->method = span_slice(node->text, 0, space);
	one->target = span_slice(node->text, space + 1, node->text.len);
	if (space == 0 || space >= node->text.len || one->target.len == 0 ||
	    one->target.at[0] != '/')
		mistake_at(&cases->mistakes, node,
		    "must be a method, a space and a path that begins with /");
}

static void
read_caller_map(
    struct policy_cases *cases, const struct node *node, struct policy_case_caller *caller)
{
	const struct config *config = cases->config;
	int ways;

	schema_read(node, caller_fields, caller, &cases->mistakes);
	check_issuer(cases, document_get(node, "issuer"));
	for (size_t i = 0; i < caller->roles.count; i++)
		check_role(cases, reader_text_node(&caller->roles, i));
	ways = (caller->issuer != NULL) + (caller->client != NULL) + (caller->user != NULL);
	if (caller->scopes.node != NULL && ways > 0)
		mistake_at(&cases->mistakes, caller->scopes.node,
		    "stand beside roles alone; a token has them in its claims");
	if (ways > 1 || (ways == 0 && caller->roles.node == NULL && caller->scopes.node == NULL))
		mistake_at(&cases->mistakes, node,
		    "needs one of issuer, client, user and roles; or the word anonymous instead");
	if (caller->claims != NULL && caller->user != NULL)
		mistake_at(&cases->mistakes, caller->claims,
		    "claims need an issuer or a client, or stand beside roles and scopes alone");
	if (caller->issuer != NULL && caller->roles.count > 0)
		mistake_at(&cases->mistakes, caller->roles.node,
		    "a third-party token gets its roles by the policy; write its claims");
	if (!config->has_local && (caller->client != NULL || caller->user != NULL))
		mistake_at(&cases->mistakes, node,
		    "there is no local_issuer, so there are no clients and no users");
}

static void
read_caller(struct policy_cases *cases, const struct node *node, struct policy_case_caller *caller)
{
	if (node == NULL)
		return;
	if (node->kind == NODE_MAP)
		read_caller_map(cases, node, caller);
	else if (node->kind == NODE_SCALAR && span_is(node->text, "anonymous"))
		caller->anonymous = true;
	else
		mistake_at(&cases->mistakes, node, "must be a map, or the word anonymous");
}

static void
read_certificate(struct policy_cases *cases, const struct node *node, struct policy_case *one)
{
	struct err err;

	if (!assume_certificate(node->text, cases->mistakes.arena, &one->certificate, &err))
		mistake_at(&cases->mistakes, node, "is not a subject (RFC 4514): %s", err.text);
}

static void
read_peer(struct policy_cases *cases, const struct node *node, struct policy_case *one)
{
	struct err err;

	if (!assume_peer(node->text, one->peer, &err))
		mistake_at(&cases->mistakes, node, "%s", err.text);
}

static bool
read_case(struct policy_cases *cases, const struct node *node, struct err *reterr)
{
	struct policy_case *one = arena_alloc(cases->mistakes.arena, sizeof(*one));
	struct case_row row = { 0 };

	if (one == NULL)
		return err_set(reterr, "out of memory");
	if (node->kind != NODE_MAP) {
		mistake_at(&cases->mistakes, node, "a case must be a map");
		return true;
	}
	schema_read(node, case_fields, &row, &cases->mistakes);
	read_caller(cases, row.caller, &one->caller);
	if (row.certificate != NULL)
		read_certificate(cases, document_get(node, "certificate"), one);
	if (row.peer != NULL)
		read_peer(cases, document_get(node, "peer"), one);
	read_request(cases, document_get(node, "request"), one);
	one->expect = read_expect(cases, document_get(node, "expect"));
	check_privilege(cases, document_get(node, "privilege"));
	check_role(cases, document_get(node, "role"));
	one->host = span_of(row.host);
	one->node = node;
	one->at_s = cases->now_s;
	if (row.at != NULL && !clock_parse(span_of(row.at), &one->at_s))
		mistake_at(
		    &cases->mistakes, document_get(node, "at"), "must be Unix seconds or RFC 3339");
	one->name = row.name != NULL ? row.name : row.request;
	one->privilege = row.privilege;
	one->role = row.role;
	*cases->last = one;
	cases->last = &one->next;
	return true;
}

bool
policy_case_read(const char *path, struct policy_cases *cases, struct err *reterr)
{
	size_t errors = cases->mistakes.errors;
	const struct node *list = NULL;
	struct node *root = NULL;

	if (cases->last == NULL)
		cases->last = &cases->first;
	if (!document_read(path, &cases->mistakes, &root, reterr))
		return false;
	if (root == NULL)
		return cases->mistakes.errors > errors || err_set(reterr, "%s: is empty", path);
	schema_read(root, file_fields, &list, &cases->mistakes);
	for (const struct node *node = list == NULL ? NULL : list->first; node != NULL;
	    node = node->next)
		if (!read_case(cases, node, reterr))
			return false;
	return true;
}

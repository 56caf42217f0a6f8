/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/condition_lint.h"

#include <string.h>

#include "base/nearest.h"
#include "base/pointer_lint.h"
#include "base/utf8.h"
#include "base/wildcard.h"
#include "policy/scope_match.h"

/* What a typing error was probably meant to be. */
static const char *const common_methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
	"QUERY", NULL };

/* The other registered methods (IANA's HTTP Method Registry), and those that caches and stores of
 * secrets have. Each of them is meant, however near to a common one it is. */
static const char *const other_methods[] = { "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN",
	"CHECKOUT", "LABEL", "LINK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKREDIRECTREF",
	"MKWORKSPACE", "ORDERPATCH", "PRI", "REBIND", "UNBIND", "UNCHECKOUT", "UNLINK", "UPDATE",
	"UPDATEREDIRECTREF", "VERSION-CONTROL", "PURGE", "BAN", "LIST", NULL };

/* What other gateways write for every method. */
static const char *const every_method[] = { "ANY", "ALL", NULL };

static bool
is_among(const char *text, const char *const *words)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

bool
condition_lint_local(const struct grant *grant, const struct policy_names *names)
{
	if (grant->user != NULL || (grant->client != NULL && grant->issuer == NULL))
		return true;
	return grant->issuer != NULL && names->local_issuer != NULL &&
	       strcmp(grant->issuer, names->local_issuer) == 0;
}

/* What is like another letter, or cannot be seen, is easily pasted. */
static void
lint_scope_characters(struct reader *reader, const struct node *node, const char *scope)
{
	const char *odd = scope_match_odd(scope);
	uint32_t point = 0;

	while (odd != NULL && *odd == ' ')
		odd = odd[1] == '\0' ? NULL : scope_match_odd(odd + 1);
	if (odd == NULL || utf8_read(span_of(odd), &point) == 0)
		return;
	mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_VALUE_CHARACTER),
	    "can hardly match: after \"%.*s\" it has the character U+%04X, which no scope can have "
	    "(RFC 6749 section 3.3): type it anew",
	    (int)(odd - scope), scope, (unsigned)point);
}

/* A block of YAML (`|`) ends in a line break, which no name has. */
static void
lint_name(struct reader *reader, const struct node *node, const char *text)
{
	const char *at = text == NULL ? "" : text;

	while (*at != '\0' && (unsigned char)*at >= ' ' && *at != 0x7f)
		at++;
	if (*at != '\0')
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_VALUE_CHARACTER),
		    "can hardly match: after \"%.*s\" it has the control character U+%04X: write "
		    "it on one line, or a block as \"|-\"",
		    (int)(at - text), text, (unsigned char)*at);
}

/* A token's list of scopes is split at spaces. */
static void
lint_scopes(struct reader *reader, const struct texts *scopes, const char *instead)
{
	for (size_t i = 0; i < scopes->count; i++) {
		const struct node *node = reader_text_node(scopes, i);
		const char *scope = scopes->at[i];

		if (strchr(scope, ' ') != NULL)
			mistake_by(reader->mistakes,
			    mistake_place_at_key(node, MISTAKE_SCOPE_SPACE),
			    "can never match: a scope has no spaces (RFC 6749 section 3.3): %s",
			    instead);
		lint_scope_characters(reader, node, scope);
		if (!scope_match_is_prefix(scope))
			wildcard_warn(reader->mistakes, node, scope,
			    "for all that begin alike write \"orders:*\", where \":\", \".\" or "
			    "\"/\" stands before the \"*\"");
	}
}

/* Groups and roles are compared exactly. */
static void
lint_list(struct reader *reader, const struct texts *texts, const char *instead)
{
	for (size_t i = 0; i < texts->count; i++) {
		wildcard_warn(reader->mistakes, reader_text_node(texts, i), texts->at[i], instead);
		lint_name(reader, reader_text_node(texts, i), texts->at[i]);
	}
}

static void
lint_stars(struct reader *reader, const struct node *node, const struct grant *grant)
{
	struct mistakes *mistakes = reader->mistakes;

	lint_list(reader, &grant->groups,
	    "write a line for each group; for every token of an issuer write {issuer: NAME}");
	lint_list(reader, &grant->roles,
	    "write a line for each role; for every token of an issuer write {issuer: NAME}");
	wildcard_warn(mistakes, document_get(node, "client"), grant->client,
	    "write a line for each client; for every token of an issuer write {issuer: NAME}");
	wildcard_warn(
	    mistakes, document_get(node, "user"), grant->user, "write a line for each user");
	wildcard_warn(mistakes, document_get(node, "certificate"), grant->certificate,
	    "write a line for each subject");
	if (grant->prefix != NULL)
		wildcard_warn(mistakes, document_get(node, "prefix"), grant->prefix,
		    "leave the \"*\" out: what follows may be anything");
	lint_list(reader, &grant->equals, "list each value; for any value leave \"equals\" out");
	lint_name(reader, document_get(node, "client"), grant->client);
	lint_name(reader, document_get(node, "user"), grant->user);
	lint_name(reader, document_get(node, "prefix"), grant->prefix);
}

/* The tokens that mint_token() makes. */
static void
lint_local(struct reader *reader, const struct node *node, const struct grant *grant)
{
	const char *key = grant->groups.count > 0 ? "group" : "role";

	if (reader->names->local_issuer == NULL)
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_LOCAL_ABSENT),
		    "can never match: there is no local_issuer");
	else if (grant->groups.count > 0 || grant->roles.count > 0)
		mistake_by(reader->mistakes,
		    mistake_place_at_key(document_get(node, key), MISTAKE_LOCAL_GROUPS),
		    "can never match: tokens of the local issuer have scopes, but no groups and no "
		    "roles; write \"scope\", or \"client\" with a client's name");
}

void
condition_lint_grant(struct reader *reader, const struct node *node, const struct grant *grant)
{
	char room[POINTER_LINT_ROOM];
	const char *odd = grant->claim == NULL
			      ? NULL
			      : pointer_lint(span_of(grant->claim), POINTER_OF_GRANT, room);

	if (odd != NULL)
		mistake_by(reader->mistakes,
		    mistake_place_at_key(document_get(node, "claim"), MISTAKE_CLAIM_POINTER), "%s",
		    odd);
	lint_scopes(reader, &grant->scopes,
	    "write a line for each scope if any one is enough, or [a, b] if all are needed");
	lint_stars(reader, node, grant);
	if (grant->certificate != NULL && !reader->names->client_certificates)
		mistake_by(reader->mistakes,
		    mistake_place_at_key(
			document_get(node, "certificate"), MISTAKE_CERTIFICATE_UNASKED),
		    "can never match: the listener does not ask for client certificates "
		    "(listen.tls.client_certificate)");
	if (condition_lint_local(grant, reader->names))
		lint_local(reader, node, grant);
}

static void
lint_method(struct reader *reader, const struct node *node, const char *method)
{
	const struct policy_names *names = reader->names;
	struct nearest nearest = nearest_to(span_of(method));
	char hint[NEAREST_HINT];

	if (is_among(method, every_method)) {
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_METHOD_MISSPELT),
		    "is not a method: for every method leave \"methods\" out");
		return;
	}
	if (!is_among(method, common_methods) && !is_among(method, other_methods))
		for (size_t i = 0; common_methods[i] != NULL; i++)
			nearest_offer(&nearest, common_methods[i]);
	if (nearest.word != NULL)
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_METHOD_MISSPELT),
		    "is not a method that is in use%s", nearest_hint(&nearest, hint));
	else if (names->method_served != NULL && !names->method_served(span_of(method)))
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_METHOD_REFUSED),
		    "is never forwarded: the gate refuses requests with this method; take it out");
}

/* A list of which nothing is left admits more than one with anything in it. */
static void
lint_empty(struct reader *reader, const struct privilege *privilege)
{
	const struct node *methods = document_get(privilege->node, "methods");
	const struct node *roles = document_get(privilege->node, "roles");

	if (methods != NULL && privilege->methods.count == 0)
		mistake_by(reader->mistakes, mistake_place_at_key(methods, MISTAKE_LIST_EMPTY),
		    "is empty, so every method is granted: leave \"methods\" out if that is meant");
	if (roles != NULL && privilege->roles.count == 0 && privilege->scopes.count == 0 &&
	    privilege->all_roles.count == 0)
		mistake_by(reader->mistakes, mistake_place_at_key(roles, MISTAKE_LIST_EMPTY),
		    "is empty, so every authenticated caller is let in: leave \"roles\" out if "
		    "that is meant");
}

void
condition_lint_privilege(struct reader *reader, const struct privilege *privilege)
{
	lint_empty(reader, privilege);
	for (size_t i = 0; i < privilege->methods.count; i++)
		lint_method(
		    reader, reader_text_node(&privilege->methods, i), privilege->methods.at[i]);
	lint_scopes(reader, &privilege->scopes, "list each scope, of which any one is enough");
}

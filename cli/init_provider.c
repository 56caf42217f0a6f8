/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_provider.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/schema.h"
#include "cli/yaml_text.h"
#include "token/provider.h"

#define NAME_ROOM 32

const char *const init_provider_words[] = { "okta", "entra", "keycloak", "auth0", "cognito",
	"google", "ping", "oci", "gitlab", "github", "kubernetes", "generic", "local", "other",
	NULL };

#define GENERIC_ROW(word)                                                                          \
	{ .name = (word),                                                                          \
		.preset = "generic",                                                               \
		.entry = "idp",                                                                    \
		.example = "https://idp.example.com",                                              \
		.audience = "https://api.example.com",                                             \
		.grant = "scope: api.read",                                                        \
		.claims = "scope: api.read",                                                       \
		.without = "scope: another",                                                       \
		.refusal = "privilege_missing",                                                    \
		.asks = "the scope api.read",                                                      \
		.page = "docs/providers/generic.md" }

/* In the order of init_provider_words. */
static const struct init_provider providers[] = {
	{ .name = "okta",
	    .preset = "okta",
	    .entry = "okta",
	    .issuer = "https://{domain}/oauth2/default",
	    .example = "https://example.okta.com/oauth2/default",
	    .audience = "api://default",
	    .grant = "scope: api.read",
	    .claims = "scp: [api.read]",
	    .without = "scp: [another]",
	    .refusal = "privilege_missing",
	    .asks = "the scope api.read",
	    .page = "docs/providers/okta.md" },
	{ .name = "entra",
	    .preset = "entra",
	    .entry = "entra",
	    .issuer = "https://login.microsoftonline.com/{tenant}/v2.0",
	    .example =
		"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0",
	    .audience = "the Application (client) ID of your API",
	    .grant = "role: Api.Read",
	    .claims = "roles: [Api.Read]",
	    .without = "roles: [Another]",
	    .refusal = "privilege_missing",
	    .asks = "the app role Api.Read",
	    .page = "docs/providers/entra.md" },
	{ .name = "keycloak",
	    .preset = "keycloak",
	    .entry = "keycloak",
	    .issuer = "https://{domain}/realms/{realm}",
	    .example = "https://keycloak.example.com/realms/acme",
	    .audience = "orders-api",
	    .grant = "role: api_reader",
	    .claims = "typ: Bearer, realm_access: {roles: [api_reader]}",
	    .without = "typ: Bearer, realm_access: {roles: [another]}",
	    .refusal = "privilege_missing",
	    .asks = "the realm role api_reader",
	    .page = "docs/providers/keycloak.md" },
	{ .name = "auth0",
	    .preset = "auth0",
	    .entry = "auth0",
	    .issuer = "https://{domain}/",
	    .example = "https://example.eu.auth0.com/",
	    .audience = "https://api.example.com",
	    .grant = "role: \"read:api\"",
	    .claims = "permissions: [\"read:api\"]",
	    .without = "permissions: [\"another\"]",
	    .refusal = "privilege_missing",
	    .asks = "the permission read:api",
	    .page = "docs/providers/auth0.md" },
	{ .name = "cognito",
	    .preset = "cognito",
	    .entry = "cognito",
	    .issuer = "https://cognito-idp.{region}.amazonaws.com/{pool}",
	    .example = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
	    .require = "/client_id: [{client}]",
	    .grant = "scope: api/read",
	    .claims = "client_id: {client}, token_use: access, scope: api/read",
	    .without = "client_id: {client}, token_use: access, scope: another",
	    .refusal = "privilege_missing",
	    .asks = "the scope api/read",
	    .page = "docs/providers/cognito.md" },
	{ .name = "google",
	    .preset = "google",
	    .entry = "google",
	    .issuer = "https://accounts.google.com",
	    .example = "https://accounts.google.com",
	    .audience = "https://api.example.com",
	    .require = "/email: [{email}]",
	    .grant = "claim: /email, equals: {email}",
	    .claims = "email: {email}, email_verified: true",
	    .without = "email: another@example.com, email_verified: true",
	    .refusal = "claim_required_missing",
	    .asks = "the email {email}",
	    .page = "docs/providers/google.md" },
	{ .name = "ping",
	    .preset = "ping",
	    .entry = "ping",
	    .issuer = "https://{domain}/{tenant}/as",
	    .example = "https://auth.pingone.eu/11111111-aaaa-4bbb-8ccc-222222222222/as",
	    .audience = "https://api.example.com",
	    .grant = "scope: \"api:read\"",
	    .claims = "scope: \"api:read\"",
	    .without = "scope: another",
	    .refusal = "privilege_missing",
	    .asks = "the scope api:read",
	    .page = "docs/providers/ping.md" },
	{ .name = "oci",
	    .preset = "oci",
	    .entry = "oci",
	    .issuer = "https://identity.oraclecloud.com/",
	    .example = "https://identity.oraclecloud.com/",
	    .jwks_uri = "https://{domain}/admin/v1/SigningCert/jwk",
	    .audience = "https://api.example.com/",
	    .require = "/client_tenantname: [{instance}]",
	    .grant = "scope: read",
	    .claims = "client_tenantname: {instance}, tok_type: AT, scope: read",
	    .without = "client_tenantname: {instance}, tok_type: AT, scope: another",
	    .refusal = "privilege_missing",
	    .asks = "the scope read",
	    .page = "docs/providers/oci.md" },
	{ .name = "gitlab",
	    .preset = "gitlab",
	    .entry = "gitlab",
	    .issuer = "https://gitlab.com",
	    .example = "https://gitlab.com",
	    .audience = "https://api.example.com",
	    .require = "/project_path: [{project}]",
	    .grant = "claim: /project_path, equals: {project}",
	    .claims = "project_path: {project}",
	    .without = "project_path: another/project",
	    .refusal = "claim_required_missing",
	    .asks = "the project {project}",
	    .page = "docs/providers/gitlab.md",
	    .elsewhere = true },
	{ .name = "github",
	    .preset = "github",
	    .entry = "github",
	    .issuer = "https://token.actions.githubusercontent.com",
	    .example = "https://token.actions.githubusercontent.com",
	    .audience = "https://api.example.com",
	    .require = "/repository: [{repository}]",
	    .grant = "claim: /repository, equals: {repository}",
	    .claims = "repository: {repository}",
	    .without = "repository: another/repository",
	    .refusal = "claim_required_missing",
	    .asks = "the repository {repository}",
	    .page = "docs/providers/github.md" },
	{ .name = "kubernetes",
	    .preset = "kubernetes",
	    .entry = "kubernetes",
	    .issuer = "https://kubernetes.default.svc.cluster.local",
	    .example = "https://kubernetes.default.svc.cluster.local",
	    .audience = "https://api.example.com",
	    .grant = "claim: /kubernetes.io/namespace, equals: default",
	    .claims = "kubernetes.io: {namespace: default}",
	    .without = "kubernetes.io: {namespace: another}",
	    .refusal = "privilege_missing",
	    .asks = "the namespace default",
	    .page = "docs/providers/kubernetes.md",
	    .elsewhere = true,
	    .private_keys = true },
	GENERIC_ROW("generic"),
	{ .name = "local", .audience = "api://local" },
	GENERIC_ROW("other"),
};

_Static_assert(sizeof(providers) / sizeof(providers[0]) + 1 ==
		   sizeof(init_provider_words) / sizeof(init_provider_words[0]),
    "a row for each word");

static const char *const part_names[INIT_PARTS] = {
	[INIT_DOMAIN] = "domain",
	[INIT_TENANT] = "tenant",
	[INIT_REALM] = "realm",
	[INIT_POOL] = "pool",
	[INIT_CLIENT] = "client",
	[INIT_EMAIL] = "email",
	[INIT_REPOSITORY] = "repository",
	[INIT_PROJECT] = "project",
};

const struct init_provider *
init_provider_find(struct span name)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (span_is(name, providers[i].name))
			return &providers[i];
	return NULL;
}

const char *
init_provider_nearest(struct span name)
{
	for (const struct field_alias *alias = provider_aliases; alias->typed != NULL; alias++)
		if (span_equal_nocase(name, span_of(alias->typed)))
			return alias->word;
	return nearest_word(name, init_provider_words);
}

const char *
init_provider_part(enum init_part part)
{
	return part_names[part];
}

/* --- templates --- */

/* What a name in braces stands for. False: it is no such name. */
static bool
value_of(struct span name, const char *const parts[INIT_PARTS], struct span *ret_value)
{
	struct span pool = span_of(parts[INIT_POOL]), domain = span_of(parts[INIT_DOMAIN]);

	if (span_is(name, "region")) {
		*ret_value = span_slice(pool, 0, span_find(pool, '_'));
		return true;
	}
	if (span_is(name, "instance")) {
		*ret_value = span_slice(domain, 0, span_find(domain, '.'));
		return true;
	}
	for (int part = 0; part < INIT_PARTS; part++)
		if (span_is(name, part_names[part])) {
			*ret_value = span_of(parts[part]);
			return true;
		}
	return false;
}

static void
fill(const char *template, const char *const parts[INIT_PARTS], bool yaml, struct buffer *out)
{
	struct span rest = span_of(template), value;

	while (rest.len > 0) {
		struct span name = span_slice(rest, 1, span_find(rest, '}'));

		if (rest.at[0] != '{' || !value_of(name, parts, &value)) {
			buffer_add_byte(out, rest.at[0]);
			rest = span_slice(rest, 1, rest.len);
			continue;
		}
		if (yaml)
			yaml_text_quoted(out, value);
		else
			buffer_add(out, value);
		rest = span_slice(rest, name.len + 2, rest.len);
	}
}

void
init_provider_fill(const char *template, const char *const parts[INIT_PARTS], struct buffer *out)
{
	fill(template, parts, false, out);
}

void
init_provider_fill_yaml(
    const char *template, const char *const parts[INIT_PARTS], struct buffer *out)
{
	fill(template, parts, true, out);
}

static bool
names(const char *template, const char *name)
{
	char wanted[NAME_ROOM];

	(void)snprintf(wanted, sizeof(wanted), "{%s}", name);
	return strstr(template, wanted) != NULL;
}

bool
init_provider_needs(const char *template, enum init_part part)
{
	return template != NULL && (names(template, part_names[part]) ||
				       (part == INIT_POOL && names(template, "region")) ||
				       (part == INIT_DOMAIN && names(template, "instance")));
}

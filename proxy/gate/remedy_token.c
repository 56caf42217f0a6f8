/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_token.h"

#include "policy/module_resource.h"

/* Has what was said of the token these words? */
static bool
detail_has(const struct remedy *remedy, const char *words)
{
	const char *detail = remedy_text(remedy, "detail");

	return detail != NULL && strstr(detail, words) != NULL;
}

static bool
is_provider(const struct trusted_issuer *issuer, const char *provider)
{
	return issuer->provider != NULL && strcmp(issuer->provider, provider) == 0;
}

/* A key of the issuer: `issuers.okta.audience, postern.yaml:12`. */
static const char *
key_of(const struct remedy *remedy, const struct trusted_issuer *issuer, const char *key)
{
	const char *text;

	if (issuer->node == NULL)
		return arena_format(remedy->arena, "local_issuer.%s", key);
	text = arena_format(remedy->arena, "issuers.%s.%s, %s",
	    issuer->family == NULL ? issuer->name : issuer->family, key,
	    remedy_place(remedy, issuer->node, key));
	return text == NULL ? key : text;
}

static void
say_missing(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;

	remedy_say(remedy,
	    "send the header \"Authorization: Bearer TOKEN\", with an access token of one of: %s",
	    remedy_issuers(remedy));
	if (config->has_local && config->local.basic)
		remedy_say(remedy,
		    "or Basic credentials of a local user, whom `postern user add NAME` makes");
	remedy_say(remedy,
	    "if the client did send a token, look for what drops the header on its way: a proxy, "
	    "or a redirect to another host");
	remedy_say(remedy,
	    "if anybody may call this path, list it under `public` in the policy, and under no "
	    "privilege");
}

static void
say_malformed(const struct remedy *remedy)
{
	remedy_say(remedy,
	    "send an access token that is a JWT: three parts with dots between, the first begins "
	    "with eyJ");
	remedy_say(remedy,
	    "some providers give an opaque token unless the request for it names this API: Auth0 "
	    "by `audience`, others by `resource` or a scope; Google's are opaque always: send its "
	    "ID token");
}

static void
say_type(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	remedy_say(
	    remedy, "send the access token of %s, not its ID token or refresh token", issuer->name);
	remedy_say(remedy,
	    "if its access tokens do have this typ, add it to `types`, which is %s now (%s)",
	    remedy_list(remedy, &issuer->types), key_of(remedy, issuer, "types"));
}

static void
say_algorithm(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	if (detail_has(remedy, "never allowed") || issuer == NULL)
		remedy_say(remedy,
		    "have the identity provider sign with RS256, PS256 or ES256 (often a setting "
		    "of the API or the client there): HS* and none are never accepted, since who "
		    "can check such a token can make one");
	else if (detail_has(remedy, "for another alg"))
		remedy_say(remedy,
		    "have %s sign with the algorithm of the key that it names by kid: `postern "
		    "jwks "
		    "%s` shows the kty and alg of each; or the keys are another issuer's",
		    issuer->name, issuer->name);
	else
		remedy_say(remedy,
		    "have %s sign with another algorithm, or add this one to `algorithms` (%s)",
		    issuer->name, key_of(remedy, issuer, "algorithms"));
}

/* The issuer that was named as the closest one; NULL: none is near. */
static const struct trusted_issuer *
closest(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;

	for (size_t i = 0; i < config->trusted_issuer_count; i++) {
		const struct trusted_issuer *one = &config->trusted_issuers[i];
		const char *words = arena_format(remedy->arena, "the closest is \"%s\"", one->name);

		if (words != NULL && detail_has(remedy, words))
			return one;
	}
	return NULL;
}

static void
say_issuer(const struct remedy *remedy)
{
	const struct trusted_issuer *near = closest(remedy);

	if (near != NULL && (near->family != NULL || near->tenants.count > 0))
		remedy_say(remedy,
		    "if the tenant of the token's iss is to be trusted, too, add it to `tenants` "
		    "(%s), in the case that iss has; of %s the iss is \"%s\", and scheme and last "
		    "slash count",
		    key_of(remedy, near, "tenants"), near->name, near->issuer);
	else if (near != NULL)
		remedy_say(remedy,
		    "if %s is meant, write its `issuer` (%s) exactly as the token's iss has it: "
		    "scheme, case and last slash count; it is \"%s\" now",
		    near->name, key_of(remedy, near, "issuer"), near->issuer);
	else
		remedy_say(remedy,
		    "if this issuer is to be trusted, add it to `issuers` in %s, with `issuer` "
		    "exactly as the token's iss has it: scheme, case and last slash count",
		    remedy->snapshot->config->path);
	remedy_say(remedy, "if not, send a token of an issuer that is trusted: %s",
	    remedy_issuers(remedy));
	if (detail_has(remedy, "version 1"))
		remedy_say(remedy,
		    "Entra: for tokens of version 2 set requestedAccessTokenVersion (or "
		    "accessTokenAcceptedVersion) to 2 in the manifest of the API's app "
		    "registration; `provider: entra` trusts both versions");
}

static void
say_key(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	if (detail_has(remedy, "has no kid"))
		remedy_say(remedy,
		    "have %s write kid into the header of its tokens: without one, its key set may "
		    "have no more than one key for their alg (`postern jwks %s`)",
		    issuer->name, issuer->name);
	else
		remedy_say(remedy,
		    "compare the token's kid with those that `postern jwks %s` lists: these keys "
		    "are "
		    "trusted now",
		    issuer->name);
	if (issuer->source.kind == SOURCE_FILE)
		remedy_say(remedy, "if the provider has new keys, put them into the file %s",
		    issuer->source.place);
	else
		remedy_say(remedy,
		    "after a rotation at the provider try again in %lld s (jwks.cooldown)",
		    (long long)issuer->source.cooldown_s);
	remedy_say(remedy,
	    "otherwise the token is of another environment, or the keys are another issuer's: "
	    "look at %s",
	    key_of(remedy, issuer, issuer->source.kind == SOURCE_FILE ? "jwks_file" : "jwks_uri"));
}

/* What the last try to fetch them came to is known to who runs, or has just tried. */
static void
say_keys(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	const struct config *config = remedy->snapshot->config;
	struct keyring_state state = { .last_error = "" };

	if (remedy->snapshot->services != NULL)
		keyring_state(remedy->snapshot->services->ring,
		    (size_t)(issuer - config->trusted_issuers), &state);
	if (state.last_error[0] != '\0')
		remedy_say(remedy, "the last try to get the keys of %s failed: %s", issuer->name,
		    state.last_error);
	remedy_say(remedy,
	    "make %s reachable from this machine: the address (%s), the name server, a firewall, "
	    "a proxy (jwks.proxy), the certificate authority (jwks.ca_file); `postern jwks %s` "
	    "tries it",
	    issuer->source.place == NULL ? issuer->issuer : issuer->source.place,
	    key_of(remedy, issuer, "jwks_uri"), issuer->name);
}

static void
say_signature(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	remedy_say(remedy,
	    "send the token exactly as %s issued it; if it is, it is of another environment that "
	    "uses the same kid, or the keys are another issuer's: `postern jwks %s` shows which "
	    "are trusted",
	    issuer->name, issuer->name);
	if (issuer->entra)
		remedy_say(remedy,
		    "Entra: a token for Microsoft Graph can be verified by Graph alone: ask for "
		    "one for this API");
}

static void
say_late(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	remedy_say(remedy, "ask %s for a new token, and again before each one ends", issuer->name);
	remedy_say(remedy,
	    "if tokens are refused soon after they were issued, a clock is wrong: compare "
	    "`date -u` here and at the provider, and use NTP (clock_skew bridges %lld s)",
	    (long long)issuer->skew_s);
}

static void
say_early(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	remedy_say(remedy,
	    "set the clocks right (NTP): this machine's is behind, or that of %s ahead; "
	    "clock_skew bridges %lld s",
	    issuer->name, (long long)issuer->skew_s);
}

static void
say_old(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	remedy_say(remedy, "ask %s for a new token; or allow more than %lld s with `max_age` (%s)",
	    issuer->name, (long long)issuer->max_age_s, key_of(remedy, issuer, "max_age"));
}

/* How a token for an audience is asked for, by provider; NULL: it is not known. */
static const char *
how_to_ask(const struct trusted_issuer *issuer)
{
	static const struct {
		const char *provider, *how;
	} hows[] = {
		{ "auth0", "send it as `audience` when asking for the token" },
		{ "okta", "ask the authorization server that has this audience (Security, API), "
			  "not the org's" },
		{ "keycloak", "give the client scope an audience mapper with this value" },
		{ "entra",
		    "ask with the scope AUDIENCE/.default; a token of version 1 has "
		    "api://…, one of version 2 the application's id: list both if both come" },
		{ "google", "the client id of the application is the audience of its ID tokens" },
	};

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (is_provider(issuer, hows[i].provider))
			return hows[i].how;
	return NULL;
}

static void
say_audience(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	const struct module *module = remedy_module(remedy);
	const struct texts *own = module_resource_audiences(module);
	const char *how = how_to_ask(issuer);

	if (issuer->node == NULL)
		how = own != NULL ? "send it as `resource` when asking for the token"
				  : "send no `resource` when asking for the token";
	if (detail_has(remedy, "ID token"))
		remedy_say(remedy,
		    "send the access token of %s: an ID token is for the application that "
		    "signed the user in, not for an API",
		    issuer->name);
	remedy_say(remedy, "ask %s for a token whose aud is %s%s%s", issuer->name,
	    remedy_list(remedy, own != NULL ? own : &issuer->audience), how == NULL ? "" : ": ",
	    how == NULL ? "" : how);
	if (own != NULL)
		remedy_say(remedy, "that is what `resource` of module %s demands (%s)",
		    module->name, remedy_place(remedy, module->node, "resource"));
	else
		remedy_say(remedy,
		    "or, if the aud that came means this API, add it to `audience` (%s)",
		    key_of(remedy, issuer, "audience"));
}

static void
say_required(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	if (detail_has(remedy, "exp is missing")) {
		remedy_say(remedy, "have %s write exp: a token without an end is never accepted",
		    issuer->name);
		return;
	}
	if (detail_has(remedy, "iat is missing")) {
		remedy_say(remedy, "have %s write iat, or do without `max_age` (%s)", issuer->name,
		    key_of(remedy, issuer, "max_age"));
		return;
	}
	remedy_say(remedy,
	    "send the kind of token that has the claim, often the access token and not the ID "
	    "token; have %s write it; or change `require` (%s)",
	    issuer->name, key_of(remedy, issuer, "require"));
}

static void
say_revoked(const struct remedy *remedy, const struct trusted_issuer *issuer)
{
	const json_t *revoked = json_object_get(remedy->said, "revoked");
	const char *what = json_string_value(json_object_get(revoked, "of"));

	remedy_say(remedy, "ask %s for a new token", issuer->name);
	if (what != NULL)
		remedy_say(remedy,
		    "%s was revoked: whoever did it (above) knows why, and tokens issued "
		    "later are accepted",
		    what);
}

/* What stands in the way of Basic: the module, or the local issuer. */
static void
say_basic(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;
	const struct module *module = remedy_module(remedy);

	remedy_say(remedy, "send an access token of one of: %s", remedy_issuers(remedy));
	if (!config->has_local)
		remedy_say(remedy, "Basic is for users of a `local_issuer`, of which %s has none",
		    config->path);
	else if (!config->local.basic)
		remedy_say(remedy, "or allow Basic: local_issuer.basic (%s) is false",
		    remedy_place(remedy, document_get(config->root, "local_issuer"), "basic"));
	else if (module != NULL && !module->basic)
		remedy_say(remedy, "or allow Basic: `basic` of module %s (%s) is false",
		    module->name, remedy_place(remedy, module->node, "basic"));
}

static void
say_password(const struct remedy *remedy)
{
	if (detail_has(remedy, "there is no"))
		remedy_say(remedy,
		    "`postern user list` has the names, where upper and lower case count; `postern "
		    "user add NAME` makes one");
	else if (detail_has(remedy, "is disabled"))
		remedy_say(remedy, "`postern user enable NAME`, if it is to work again");
}

/* Those of a token whose issuer is known. */
static void
say_of_issuer(const struct remedy *remedy, enum reason reason, const struct trusted_issuer *issuer)
{
	static void (*const says[REASON_COUNT])(
	    const struct remedy *, const struct trusted_issuer *) = {
		[REASON_TOKEN_TYPE_WRONG] = say_type,
		[REASON_KEY_UNKNOWN] = say_key,
		[REASON_KEYS_UNAVAILABLE] = say_keys,
		[REASON_SIGNATURE_INVALID] = say_signature,
		[REASON_TOKEN_EXPIRED] = say_late,
		[REASON_TOKEN_NOT_YET_VALID] = say_early,
		[REASON_TOKEN_TOO_OLD] = say_old,
		[REASON_AUDIENCE_MISMATCH] = say_audience,
		[REASON_CLAIM_REQUIRED_MISSING] = say_required,
		[REASON_TOKEN_REVOKED] = say_revoked,
	};

	if (says[reason] != NULL)
		says[reason](remedy, issuer);
}

void
remedy_token(const struct remedy *remedy, enum reason reason)
{
	const struct trusted_issuer *issuer = remedy_issuer(remedy);

	if (reason == REASON_CREDENTIALS_MISSING)
		say_missing(remedy);
	else if (reason == REASON_TOKEN_MALFORMED)
		say_malformed(remedy);
	else if (reason == REASON_BASIC_NOT_ALLOWED)
		say_basic(remedy);
	else if (reason == REASON_BASIC_WRONG)
		say_password(remedy);
	else if (reason == REASON_ISSUER_UNKNOWN)
		say_issuer(remedy);
	else if (reason == REASON_ALGORITHM_NOT_ALLOWED)
		say_algorithm(remedy, issuer);
	else if (issuer != NULL)
		say_of_issuer(remedy, reason, issuer);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reason_page.h"

#include "base/nearest.h"

/* clang-format off */
static const struct reason_page pages[REASON_COUNT] = {
[REASON_CREDENTIALS_MISSING] = {
	"The path needs an authenticated caller, and the request has no `Authorization` header with `Bearer` or `Basic`.",
	"The answer's `WWW-Authenticate` says what is accepted. In the log line `pattern` and `privilege` say which rule wants a caller.",
	"Send a token. If anybody may call this path, list it under `public` in the policy. If the client did send one, look for a proxy in between, or a redirect, that drops the header." },
[REASON_CREDENTIALS_MALFORMED] = {
	"The `Authorization` header cannot be read: nothing after `Bearer` or `Basic`, bytes that no token can have, or Basic that is no canonical base64 of UTF-8 `NAME:PASSWORD`. Or what a place of the module's `credentials` holds is no token.",
	"Look at the header that the client sends, with the token left out: `Bearer`, one space, the token. Quotes, a line break or `Bearer Bearer` are the usual faults.",
	"Mend the client. An empty header often comes from a variable that was not set." },
[REASON_CREDENTIALS_DUPLICATE] = {
	"The request has more than one set of credentials, so two readers could take it for two callers.",
	"Count the `Authorization` headers that reach the gate; a proxy in front may add one of its own. Where the module has `credentials`, look for a cookie or parameter beside it.",
	"Send exactly one." },
[REASON_TOKEN_MALFORMED] = {
	"The token is no signed JWT: not three parts of base64url, or a header or payload that is no JSON object without duplicate members. Encrypted (JWE) and opaque tokens are none.",
	"`postern verify --jwks URL -` says what is wrong with it. Two dots and a beginning of `eyJ` mark a JWT.",
	"Ask the identity provider for an access token for this API: many give an opaque one unless an audience is asked for (Auth0: `audience`; Google: an ID token)." },
[REASON_TOKEN_TOO_LARGE] = {
	"The token has more than 16 KiB.",
	"The log line has no claims of it, since it was not read. Decode the payload at the client: long lists of groups or roles are the usual cause.",
	"Let the identity provider put only the groups that this API needs into the token." },
[REASON_TOKEN_TYPE_WRONG] = {
	"The header's `typ` is none of the issuer's `types`: often an ID token or a refresh token where an access token belongs.",
	"The detail names the type that came and those that are accepted. `postern verify` shows the same.",
	"Send the access token. If the provider writes another `typ`, list it in the issuer's `types`." },
[REASON_ALGORITHM_NOT_ALLOWED] = {
	"The header's `alg` is `none`, a shared-secret one (HS*), unknown, none of the issuer's `algorithms`, or does not fit the key.",
	"The detail names the algorithm. `postern jwks` shows which algorithms the issuer's keys have.",
	"If it is a sound asymmetric one, add it to the issuer's `algorithms`. HS* and `none` are never accepted." },
[REASON_ISSUER_UNKNOWN] = {
	"No configured issuer has exactly the token's `iss`, or the token's `tid` is not the tenant in it.",
	"The detail shows the `iss` and the nearest configured one with the difference: a slash at the end, http for https, another tenant or version.",
	"Write `issuer` exactly as the token has it, or send a token of an issuer that is configured." },
[REASON_KEY_UNKNOWN] = {
	"The issuer's key set has no key with the token's `kid`, even after it was fetched again; or there is no `kid` and not exactly one key fits.",
	"`postern jwks ISSUER` lists the keys that the gate trusts now. Compare their `kid` with the token's header.",
	"After a rotation at the provider, wait for the cooldown (`jwks.cooldown`). Otherwise the token is of another environment, or `jwks_uri` is of another issuer." },
[REASON_KEYS_UNAVAILABLE] = {
	"The issuer's keys were never fetched, or the last good set is older than `jwks.stale`.",
	"`/readyz` and the log's `keys_failed` lines say why fetching fails; the metric `postern_issuer_keys_age_seconds` how old the set is.",
	"Make the provider's `jwks_uri` reachable from the gate: name server, proxy (`jwks.proxy`), certificate authority (`jwks.ca_file`)." },
[REASON_SIGNATURE_INVALID] = {
	"The signature was not made with the key that the token names: the token was changed, or comes from somebody else who uses the same `kid`.",
	"`postern verify --jwks URL -` with the token gives the same answer; try it with the key set of the environment that issued it.",
	"Send the token as it was issued. Microsoft Graph's tokens carry a `nonce` and cannot be verified by anybody else: ask for one for this API." },
[REASON_CLAIM_MALFORMED] = {
	"A claim has the wrong type: `iss` no text, `exp`, `nbf` or `iat` no number of seconds, `aud` neither text nor a list of texts, or one that the configuration refers to.",
	"The detail names the claim.",
	"Mend the mapper at the identity provider that writes the claim." },
[REASON_CRITICAL_UNKNOWN] = {
	"The header has `crit` or `b64`: whoever reads the token must understand an extension, and the gate understands none.",
	"Decode the token's header.",
	"Have the token issued without the extension." },
[REASON_TOKEN_EXPIRED] = {
	"`exp`, and the issuer's `clock_skew` after it, have passed.",
	"The detail says how long ago. If every token is refused soon after it was issued, compare the clocks: `date -u` here and at the provider.",
	"Let the client ask for a new token before the old one ends. Keep the clock right (NTP); `clock_skew` bridges seconds, not minutes." },
[REASON_TOKEN_NOT_YET_VALID] = {
	"`nbf` or `iat` is further in the future than the issuer's `clock_skew`.",
	"The detail names the claim and its time; compare it with `date +%s`: this machine's clock is behind, or the provider's ahead.",
	"Set the clock right (NTP)." },
[REASON_TOKEN_TOO_OLD] = {
	"`iat` is longer ago than the issuer's `max_age` allows, though `exp` has not come.",
	"The detail says how old it is; `postern check --print` shows `max_age`.",
	"Ask for a new token, or allow more with `max_age`." },
[REASON_AUDIENCE_MISMATCH] = {
	"`aud` has none of the issuer's `audience`: the token is meant for another API.",
	"The detail names the audience that came.",
	"Ask for a token for this API (`audience`, `resource` or a scope of it, by provider), or add the value to `audience` if it does mean this API." },
[REASON_CLAIM_REQUIRED_MISSING] = {
	"The token has no `exp`, no `iat` though there is a `max_age`, or not what the issuer's `require` wants.",
	"The detail names the claim.",
	"Send the kind of token that has it (often: the access token, not the ID token), or change `require`." },
[REASON_BINDING_MISMATCH] = {
	"The token is bound to a key by `cnf` (RFC 8705, RFC 9449), and this request does not prove that key.",
	"Decode the payload: `x5t#S256` is a client certificate, `jkt` a DPoP key.",
	"Connect with the certificate that the token was issued for, straight to this gate. Bindings by DPoP are not checked here: ask for a token without one." },
[REASON_TOKEN_REVOKED] = {
	"The token itself, all tokens of its client or subject, or all of its issuer's until some time were revoked.",
	"`postern explain --request-id ID` says who revoked it, when, and with what else.",
	"Ask for a new token. If that is refused as well, the client is disabled or the revocation is for all of an issuer's tokens." },
[REASON_GROUPS_OVERAGE] = {
	"The token says that its caller has more groups than it lists (Entra: more than 200), and one of those could grant the role.",
	"Decode the payload: `_claim_names` or `hasgroups`.",
	"At the provider, put only groups that are assigned to the application into the token, or use app roles." },
[REASON_CLIENT_DISABLED] = {
	"The token is the local issuer's, and its client was disabled or deleted.",
	"`postern client show NAME`; the audit line in the log says who did it.",
	"`postern client enable NAME`, if it is to work again." },
[REASON_BASIC_NOT_ALLOWED] = {
	"Basic authentication is not accepted here: no local issuer, `local_issuer.basic: false`, or a module with `basic: false`.",
	"`postern explain PATH --user NAME` says so as well.",
	"Send a token, or allow Basic." },
[REASON_BASIC_WRONG] = {
	"There is no such user, it is disabled, or the password is wrong; the answer does not tell which.",
	"`postern explain --request-id ID`, or the detail in the log, says whether there is such a user.",
	"`postern user passwd NAME` sets a new password." },
[REASON_LOCKED_OUT] = {
	"Too many wrong passwords or secrets for this name, from this address, or both.",
	"`Retry-After` says how long it lasts. In the log the failures before it have the same `peer`.",
	"Wait, and find out who is guessing. `local_issuer.lockout` sets the limits." },
[REASON_PRIVILEGE_MISSING] = {
	"The caller is known and holds none of the privilege's roles, nor one of its scopes; or it lacks one of its `all_roles`, or holds one that it names in `deny`.",
	"`postern explain -X METHOD PATH --token -` lists the roles it has and those that are wanted.",
	"Give the caller what a `granted_to` line of the role asks for (a scope, a group), or `postern client grant NAME ROLE`." },
[REASON_SCOPE_MISSING] = {
	"The privilege admits by scope only, and the token has none of its scopes.",
	"The answer's `WWW-Authenticate` names a scope that would do.",
	"Ask the identity provider for that scope; for a client of the local issuer, `postern client change NAME --scope SCOPE`, and `scope` in the request for a token." },
[REASON_CLAIM_MISMATCH] = {
	"The caller has the privilege, but a segment of the path is not what a claim of its token says: `match` of the privilege ties the two together, as for one tenant of many.",
	"The detail has the segment, the claim and what the token has there; `postern explain -X METHOD PATH --token -` lists each line of `match`.",
	"Ask for a path of the caller's own. If the path is right, see whether the token has the claim at all, and in the same upper and lower case: they are compared byte for byte. Callers without a token never match." },
[REASON_METHOD_NOT_GRANTED] = {
	"The pattern that decides for this path has privileges for other methods only.",
	"The detail lists the methods that are granted.",
	"Add the method to a privilege with this pattern. The most specific pattern alone decides: a wider one that has the method does not help." },
[REASON_NO_RULE] = {
	"No pattern of the policy matches the path, and `default` is `deny`.",
	"`postern explain -X METHOD PATH` shows the path as it was judged.",
	"Add a privilege, or a line under `public`. `/a/*` is the whole subtree with `/a`; upper and lower case differ." },
[REASON_ORIGIN_NOT_ALLOWED] = {
	"A page of an origin that is not in `cors.origins` asks, by a preflight, whether it may call; or the request names two origins. Or a token in a cookie comes with a method that is not safe, or with an upgrade, and without an `Origin` that is the own host or in `cors.origins`. On `admin`: a `Host` or an `Origin` that is not its own.",
	"The log line of the request has the module; the browser's console names the origin.",
	"Add the origin to `cors.origins` of the module, or of `local_issuer` for its endpoints, exactly as the browser writes it: no slash at the end, no default port. A client that is no browser sends its token in `Authorization`. Scrapers that find the gate by a name ask `metrics.address`." },
[REASON_RATE_LIMITED] = {
	"The caller has used up what `rate` of the privilege or module allows it for now. It may do this, but not so often.",
	"The detail names the rule, the limit and what is counted; `RateLimit-Limit` is the most that may come at once, and `Retry-After` says when the next may. `postern_rate_limited_total` counts by rule.",
	"Let the client wait for `Retry-After`, and spread its requests. If honest callers meet it, raise `limit` or `burst`; if many share one address or client, count by another: `rate.by`." },
[REASON_PATH_AMBIGUOUS] = {
	"Two readers could understand the path in two ways: `..`, `//`, `\\`, an encoded slash, a semicolon, or the like.",
	"The detail names what was found.",
	"Let the client send the plain path. If the API needs one of the milder forms, its module's `path_allow` admits them by name." },
[REASON_REQUEST_MALFORMED] = {
	"The head or the framing is not strict HTTP/1.1 (RFC 9112), so the request could be read in two ways. Or a gateway asks `forward_auth` in another form than its `form`, or is not one of its `trusted_proxies`.",
	"The detail says which rule was broken. TLS or HTTP/2 sent to a plain port looks like this as well.",
	"Mend the client or the proxy in front of the gate." },
[REASON_HEADER_TOO_LARGE] = {
	"The head is larger than `limits.header_bytes`, or has more than 63 headers.",
	"Look at cookies and tokens: they are what grows.",
	"Send less, or raise `limits.header_bytes`." },
[REASON_BODY_TOO_LARGE] = {
	"The body is larger than `limits.body_bytes`; for the local issuer's endpoints, than 64 KiB.",
	"`postern check --print` shows the limit.",
	"Send less, or raise `limits.body_bytes` (0: no limit)." },
[REASON_OVERLOADED] = {
	"More connections than `limits.connections`, or no memory.",
	"The metrics of connections, and the log at that time.",
	"Retry after `Retry-After`. Raise `limits.connections`, or find the client that opens so many." },
[REASON_UPSTREAM_UNREACHABLE] = {
	"The API gave no connection, its name does not resolve, its certificate is not trusted, or it closed before it answered.",
	"The detail in the log says which; `postern_upstream_failures_total` counts by kind.",
	"Start the API, or mend `upstream` in the configuration." },
[REASON_UPSTREAM_TIMEOUT] = {
	"The API gave no connection or no answer within `limits.upstream_timeout`.",
	"The log line's times say how long it took.",
	"Find out why the API is slow, or raise `limits.upstream_timeout`." },
[REASON_UPSTREAM_MALFORMED] = {
	"The API's answer is not strict HTTP/1.1, its head is too large, or it switches to a protocol that nobody asked for.",
	"The detail in the log says which rule was broken.",
	"Mend the API. The gate does not pass on what two readers could take for two answers." },
[REASON_LOCAL_ISSUER_STANDING_BY] = {
	"The token is the local issuer's, and `local_issuer.accept` does not allow its tokens now: `never`, or `fallback` while a third-party issuer works.",
	"`/readyz` and the metric `postern_fallback_active`.",
	"Send a token of the third-party issuer." },
[REASON_CLIENT_GONE] = {
	"It hung up, or its connection broke. Only the log and the metrics have this word.",
	"The log line's times say when it left: often a timeout of the client or of a proxy in front.",
	"Give the client more patience than the API needs, or make the API faster." },
[REASON_REQUEST_TIMEOUT] = {
	"The head did not arrive within `limits.header_timeout`, or the body paused for `limits.body_timeout` or came slower than `limits.body_min_rate`.",
	"The detail says which of them.",
	"Look at the client's network; raise the limit for clients that are slow by nature." },
[REASON_METHOD_NOT_SUPPORTED] = {
	"CONNECT and TRACE are never forwarded.",
	"The log line's `method`.",
	"Use another method: CONNECT is for forward proxies, and TRACE shows headers to whoever asks." },
[REASON_LOOP_DETECTED] = {
	"`Via` names this gate: what it forwards to leads back to it.",
	"Follow `upstream`: it, or what stands behind it, leads back here.",
	"Point `upstream` at the API itself." },
};
/* clang-format on */

struct reason_page
reason_page_of(enum reason reason)
{
	return pages[reason];
}

bool
reason_page_find(struct span word, enum reason *ret_reason, struct err *reterr)
{
	struct nearest nearest = nearest_to(word);
	char hint[NEAREST_HINT];

	for (int i = REASON_OK + 1; i < REASON_COUNT; i++) {
		if (span_is(word, reason_word((enum reason)i))) {
			*ret_reason = (enum reason)i;
			return true;
		}
		nearest_offer(&nearest, reason_word((enum reason)i));
	}
	return err_set(reterr, "\"%.*s\" is neither a path, which begins with /, nor a reason%s",
	    (int)(word.len > 64 ? 64 : word.len), word.at, nearest_hint(&nearest, hint));
}

void
reason_page_text(enum reason reason, struct buffer *buffer)
{
	const struct reason_page *page = &pages[reason];

	buffer_format(buffer, "reason: %s\nstatus: %d\ntitle: %s\n", reason_word(reason),
	    reason_status(reason), reason_title(reason));
	buffer_format(buffer, "cause: %s\nhow to see it: %s\nremedy: %s\n", page->cause, page->see,
	    page->remedy);
}

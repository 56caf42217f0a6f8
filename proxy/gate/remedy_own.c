/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_own.h"

/* By the words of client_authenticate.c and token_endpoint.c. */
static const struct {
	const char *words, *remedy;
} own[] = {
	{ "the secret is wrong",
	    "send the secret that `postern client add` or `rotate` printed, as it is and without "
	    "white space (Basic: id and secret form-urlencoded first); `postern client rotate "
	    "NAME` makes a new one, and the former stays valid until `postern client "
	    "revoke-secret`" },
	{ "the secret has expired",
	    "`postern client rotate NAME` makes a new secret; `postern client show NAME` says when "
	    "each one ends" },
	{ "no such client",
	    "client_id is the id that `postern client list` shows, not the client's name; a client "
	    "of another database or issuer is not known here" },
	{ "the client is disabled", "`postern client enable NAME`, if it is to work again" },
	{ "registered authentication method",
	    "`postern client show NAME` says how this client must authenticate: secret_basic in "
	    "the Authorization header, secret_post in the form, or private_key_jwt" },
	{ "no client authentication",
	    "send client_id and client_secret by Basic, or both in the form" },
	{ "locked out",
	    "wait as long as Retry-After says, and find out who sends wrong secrets: the log lines "
	    "before this one have the same peer; local_issuer.lockout sets the limits" },
	{ "unsupported_grant_type", "send grant_type=client_credentials in the form" },
	{ "invalid_scope",
	    "ask for scopes that `postern client show NAME` lists, or add one: `postern client "
	    "change NAME --scope SCOPE`" },
	{ "invalid_target", "`resource` and `audience` may name local_issuer.audience, one of "
			    "local_issuer.resources or the `resource` of a module" },
	{ "invalid_request",
	    "POST a form (Content-Type: application/x-www-form-urlencoded, no JSON) with "
	    "grant_type=client_credentials, each parameter once, and the client's id and secret in "
	    "one place: by Basic or in the form" },
};

void
remedy_own(const struct remedy *remedy)
{
	const char *detail = remedy_text(remedy, "detail");

	for (size_t i = 0; detail != NULL && i < sizeof(own) / sizeof(own[0]); i++)
		if (strstr(detail, own[i].words) != NULL) {
			remedy_say(remedy, "%s", own[i].remedy);
			return;
		}
}

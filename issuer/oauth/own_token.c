/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/own_token.h"

#include "base/json.h"
#include "token/date.h"

static bool
verify(struct oauth *oauth, struct own_token *own)
{
	const struct authorization_server *server = oauth->server;
	struct verify_inputs inputs = { .now_s = oauth->now_s };
	struct trusted_issuer trusted_issuer;
	bool good;

	trusted_issuer_local(&trusted_issuer, server->issuer, server->audience);
	trusted_issuer.any_audience = true; /* whichever API it was for */
	inputs.trusted_issuer = &trusted_issuer;
	inputs.keys = oauth->parts.keys; /* NULL: no token can be verified */
	good = inputs.keys != NULL &&
	       verify_token(&inputs, &own->token, &oauth->arena, &own->claims) == REASON_OK;
	own->claims.trusted_issuer = NULL;
	return good;
}

bool
own_token_read(struct oauth *oauth, struct span text, struct own_token *own)
{
	struct date issued = { 0 };

	memset(own, 0, sizeof(*own));
	if (token_read(text, &oauth->arena, &own->token) != REASON_OK || !verify(oauth, own) ||
	    !date_read(json_object_get(own->token.claims, "iat"), &issued))
		return false;
	own->question = (struct revoked_question){ .issuer = own->token.issuer,
		.jti = json_text(json_object_get(own->token.claims, "jti")),
		.client = own->claims.client,
		.subject = own->claims.subject,
		.issued_s = issued.floor_s,
		.has_issued = issued.present };
	return true;
}

void
own_token_done(struct own_token *own)
{
	token_done(&own->token);
}

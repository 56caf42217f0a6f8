/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/log.h"
#include "issuer/accounts/audit_log.h"
#include "issuer/oauth/client_authenticate.h"
#include "issuer/oauth/oauth.h"
#include "issuer/oauth/own_token.h"
#include "issuer/accounts/revoke_write.h"

/* Some seconds more than any clock skew that a gate grants. */
#define REMEMBERED_S 600

static enum oauth_error
write_down(struct oauth *oauth, const struct own_token *own)
{
	const char *jti = arena_text(&oauth->arena, own->question.jti);
	const char *by = arena_format(&oauth->arena, "client:%s", oauth->answer->client);
	struct revocation revocation = { .kind = REVOKE_TOKEN,
		.issuer = oauth->server->issuer,
		.value = jti,
		.until_s = own->claims.expires_s + REMEMBERED_S,
		.created_s = oauth->now_s,
		.by = by };
	struct err err;
	bool new;

	if (jti == NULL || by == NULL)
		return oauth_say(oauth, OAUTH_SERVER_ERROR, "no memory");
	if (revoke_write(oauth->server->sync, &revocation, &new, &err)) {
		if (new)
			audit_log_revoked(&revocation);
		else
			oauth_log(oauth, "the token was already revoked");
		return OAUTH_OK;
	}
	log_event(LOG_ERROR, "revocation_failed", "%s", err.text);
	oauth->retry_after_s = 5;
	return oauth_say(oauth, OAUTH_UNAVAILABLE, "the token cannot be revoked now");
}

/* RFC 7009 section 2.2: an unknown or expired token counts as revoked. A token of another client
 * gets the same answer, which does not reveal that it exists. */
static enum oauth_error
revoke(struct oauth *oauth)
{
	struct own_token own;
	enum oauth_error error = OAUTH_OK;

	if (!own_token_read(oauth, form_get(oauth->form, "token"), &own))
		oauth_log(oauth, "not a valid token of this issuer");
	else if (!span_is(own.claims.client, oauth->client->id))
		oauth_log(oauth, "another client's token");
	else
		error = write_down(oauth, &own);
	own_token_done(&own);
	return error;
}

void
revoke_endpoint_answer(struct authorization_server *server, const struct endpoint_request *request,
    int64_t now_s, struct endpoint_answer *answer)
{
	struct oauth oauth = {
		.server = server, .request = request, .answer = answer, .now_s = now_s
	};
	enum oauth_error error;

	oauth_begin(&oauth);
	error = oauth_read_form(&oauth, "token");
	if (error == OAUTH_OK)
		error = client_authenticate(&oauth);
	if (error == OAUTH_OK)
		error = client_authenticate_once(&oauth);
	if (error == OAUTH_OK)
		error = revoke(&oauth);
	oauth_end(&oauth, error);
}

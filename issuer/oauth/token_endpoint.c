/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "issuer/oauth/audience.h"
#include "issuer/oauth/client_authenticate.h"
#include "issuer/keys/mint.h"
#include "issuer/oauth/oauth.h"
#include "issuer/model/scope_grant.h"

#define TOKEN_MAX (64u << 10)

/* The contents of the token. */
struct token_grant {
	const char *audience;
	struct scope_grant scope;
};

static enum oauth_error
judge_scopes(struct oauth *oauth, struct token_grant *grant)
{
	const struct authorization_server *server = oauth->server;
	const struct audience_request whom = { form_get(oauth->form, "resource"),
		form_get(oauth->form, "audience"), oauth->request->resources,
		oauth->request->resource };
	struct scope_request request = { oauth->client, form_get(oauth->form, "scope"),
		server->token_lifetime_s };

	if (atomic_load(&server->stands_by))
		return oauth_say(oauth, OAUTH_UNAVAILABLE, "local_issuer_standing_by");
	if (!span_is(form_get(oauth->form, "grant_type"), "client_credentials"))
		return oauth_say(
		    oauth, OAUTH_UNSUPPORTED_GRANT_TYPE, "only client_credentials is supported");
	if (!audience_choose(&server->audiences, &whom, &grant->audience))
		return oauth_say(
		    oauth, OAUTH_INVALID_TARGET, "tokens for that resource are not issued here");
	if (!scope_grant_decide(&request, &oauth->arena, &grant->scope))
		return oauth_say(oauth, OAUTH_INVALID_SCOPE, "the client may not have that scope");
	return OAUTH_OK;
}

/* RFC 6749 section 5.1. */
static void
answer_token(struct buffer *body, const struct scope_grant *granted, const struct buffer *token)
{
	buffer_add_text(body, "{\"access_token\":");
	buffer_add_json(body, buffer_span(token));
	buffer_format(
	    body, ",\"token_type\":\"Bearer\",\"expires_in\":%lld", (long long)granted->lifetime_s);
	if (granted->scope != NULL) {
		buffer_add_text(body, ",\"scope\":");
		buffer_add_json(body, span_of(granted->scope));
	}
	buffer_add_text(body, "}");
}

static enum oauth_error
mint(struct oauth *oauth, const struct token_grant *grant)
{
	struct mint mint = { .issuer = oauth->server->issuer,
		.audience = grant->audience,
		.subject = oauth->client->id,
		.client_id = oauth->client->id,
		.incarnation = oauth->client->incarnation,
		.scope = grant->scope.scope,
		.claims = &oauth->client->claims,
		.now_s = oauth->now_s,
		.lifetime_s = grant->scope.lifetime_s };
	struct buffer token;
	struct err err;
	bool done;

	buffer_init(&token, TOKEN_MAX);
	done = mint_token(oauth->server->signing, &mint, &token, &err);
	if (done)
		answer_token(&oauth->answer->body, &grant->scope, &token);
	else
		log_event(LOG_ERROR, "token_failed", "%s", err.text);
	buffer_wipe(&token);
	return done ? OAUTH_OK : oauth_say(oauth, OAUTH_SERVER_ERROR, "the token cannot be issued");
}

void
token_endpoint_answer(struct authorization_server *server, const struct endpoint_request *request,
    int64_t now_s, struct endpoint_answer *answer)
{
	struct oauth oauth = {
		.server = server, .request = request, .answer = answer, .now_s = now_s
	};
	struct token_grant grant = { 0 };
	enum oauth_error error;

	oauth_begin(&oauth);
	error = oauth_read_form(&oauth, "grant_type");
	if (error == OAUTH_OK)
		error = client_authenticate(&oauth);
	if (error == OAUTH_OK)
		error = judge_scopes(&oauth, &grant);
	if (error == OAUTH_OK)
		error = client_authenticate_once(&oauth);
	if (error == OAUTH_OK)
		error = mint(&oauth, &grant);
	oauth_end(&oauth, error);
}

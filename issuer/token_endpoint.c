/* SPDX-License-Identifier: Apache-2.0 */
#include "base/epoch.h"
#include "base/log.h"
#include "issuer/audience.h"
#include "issuer/mint.h"
#include "issuer/oauth.h"
#include "issuer/wish.h"

#define TOKEN_MOST (64u << 10)

/* A request for a token on its way. */
struct token_request {
	struct oauth oauth; /* first: oauth_serve() hands out its address */
	const char *audience;
	struct wish_granted granted;
};

static struct token_request *
request_of(struct oauth *oauth)
{
	return (struct token_request *)(void *)oauth;
}

static enum oauth_error
decide(struct oauth *oauth, const struct client *client)
{
	struct token_request *asked = request_of(oauth);
	struct wish wish = { client, form_get(oauth->form, "scope"),
		oauth->issuer->local.token_lifetime_s };

	if (issuer_stands_by(oauth->issuer))
		return oauth_say(oauth, OAUTH_UNAVAILABLE, "local_issuer_standing_by");
	if (!span_is(form_get(oauth->form, "grant_type"), "client_credentials"))
		return oauth_say(
		    oauth, OAUTH_UNSUPPORTED_GRANT_TYPE, "only client_credentials is supported");
	if (!audience_choose(&oauth->issuer->audiences, form_get(oauth->form, "resource"),
		form_get(oauth->form, "audience"), &asked->audience))
		return oauth_say(
		    oauth, OAUTH_INVALID_TARGET, "tokens for that resource are not issued here");
	if (!wish_decide(&wish, &oauth->arena, &asked->granted))
		return oauth_say(oauth, OAUTH_INVALID_SCOPE, "the client may not have that scope");
	return OAUTH_OK;
}

/* RFC 6749 section 5.1. */
static void
answer_token(struct token_request *asked, const struct buffer *token)
{
	struct buffer *body = &asked->oauth.answer->body;

	buffer_add_text(body, "{\"access_token\":");
	buffer_add_json(body, buffer_span(token));
	buffer_format(body, ",\"token_type\":\"Bearer\",\"expires_in\":%lld",
	    (long long)asked->granted.lifetime_s);
	if (asked->granted.scope != NULL) {
		buffer_add_text(body, ",\"scope\":");
		buffer_add_json(body, span_of(asked->granted.scope));
	}
	buffer_add_text(body, "}");
}

static enum oauth_error
mint(struct oauth *oauth)
{
	struct token_request *asked = request_of(oauth);
	struct mint mint = { .issuer = oauth->issuer->local.issuer,
		.audience = asked->audience,
		.subject = oauth->id,
		.client_id = oauth->id,
		.incarnation = oauth->incarnation,
		.scope = asked->granted.scope,
		.now_s = oauth->now_s,
		.lifetime_s = asked->granted.lifetime_s };
	struct buffer token;
	struct err err;
	bool done;

	buffer_init(&token, TOKEN_MOST);
	epoch_enter();
	done = mint_token(oauth->issuer->signing, &mint, &token, &err);
	epoch_leave();
	if (done)
		answer_token(asked, &token);
	else
		log_event(LOG_ERROR, "token_failed", "%s", err.text);
	buffer_wipe(&token);
	return done ? OAUTH_OK : oauth_say(oauth, OAUTH_SERVER_ERROR, "the token cannot be made");
}

void
token_endpoint_answer(struct issuer *issuer, const struct issuer_request *request, int64_t now_s,
    struct issuer_answer *answer)
{
	static const struct oauth_endpoint endpoint = { "grant_type", decide, mint };
	struct token_request asked = {
		.oauth = { .issuer = issuer, .request = request, .answer = answer, .now_s = now_s }
	};

	oauth_serve(&asked.oauth, &endpoint);
}

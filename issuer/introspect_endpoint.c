/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/json.h"
#include "issuer/oauth.h"
#include "issuer/own_token.h"

/* Claims told as they stand in the token (RFC 7662 section 2.2). */
static const char *const told[] = { "scope", "client_id", "exp", "iat", "nbf", "sub", "aud", "iss",
	"jti" };

static enum oauth_error
decide(struct oauth *oauth, const struct client *client)
{
	const char *role = oauth->issuer->local.introspection_role;
	size_t i;

	for (i = 0; role != NULL && i < client->roles.count; i++) {
		if (span_is(span_of(role), client->roles.at[i]))
			return OAUTH_OK;
	}
	oauth_log(oauth, "the client lacks the role for introspection");
	return oauth_say(oauth, OAUTH_UNAUTHORIZED_CLIENT, "the client may not introspect tokens");
}

static bool
describe(const struct own_token *own, struct buffer *body)
{
	json_t *answer = json_pack("{s:b,s:s}", "active", 1, "token_type", "Bearer");
	char *text = NULL;
	size_t i;

	for (i = 0; answer != NULL && i < sizeof(told) / sizeof(told[0]); i++) {
		json_t *claim = json_object_get(own->token.claims, told[i]);

		if (claim != NULL && json_object_set(answer, told[i], claim) != 0) {
			json_decref(answer);
			answer = NULL;
		}
	}
	if (answer != NULL)
		text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	if (text != NULL)
		buffer_add_text(body, text);
	free(text);
	return text != NULL;
}

/* Whatever is wrong with a token, it is not active, and no more is told (section 2.2). */
static enum oauth_error
introspect(struct oauth *oauth)
{
	struct buffer *body = &oauth->answer->body;
	struct own_token own;
	bool done = true;

	if (own_token_read(oauth, form_get(oauth->form, "token"), &own) &&
	    own_token_counts(oauth->issuer, &own))
		done = describe(&own, body);
	else
		buffer_add_text(body, "{\"active\":false}");
	own_token_done(&own);
	return done ? OAUTH_OK : oauth_say(oauth, OAUTH_SERVER_ERROR, "no memory");
}

void
introspect_endpoint_answer(struct issuer *issuer, const struct issuer_request *request,
    int64_t now_s, struct issuer_answer *answer)
{
	static const struct oauth_endpoint endpoint = { "token", decide, introspect };
	struct oauth oauth = {
		.issuer = issuer, .request = request, .answer = answer, .now_s = now_s
	};

	oauth_serve(&oauth, &endpoint);
}

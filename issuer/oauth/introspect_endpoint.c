/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/json.h"
#include "issuer/oauth/client_authenticate.h"
#include "issuer/oauth/oauth.h"

/* Claims that are copied from the token unchanged (RFC 7662 section 2.2). */
static const char *const copied[] = { "scope", "client_id", "exp", "iat", "nbf", "sub", "aud",
	"iss", "jti" };

static enum oauth_error
judge_role(struct oauth *oauth)
{
	const struct client *client = oauth->client;
	const char *role = oauth->server->introspection_role;
	size_t i;

	for (i = 0; role != NULL && i < client->roles.count; i++) {
		if (span_is(span_of(role), client->roles.at[i]))
			return OAUTH_OK;
	}
	oauth_log(oauth, "the client lacks the role for introspection");
	return oauth_say(oauth, OAUTH_UNAUTHORIZED_CLIENT, "the client may not introspect tokens");
}

static bool
describe(const json_t *claims, struct buffer *body)
{
	json_t *answer = json_pack("{s:b,s:s}", "active", 1, "token_type", "Bearer");
	char *text = NULL;
	size_t i;

	for (i = 0; answer != NULL && i < sizeof(copied) / sizeof(copied[0]); i++) {
		json_t *claim = json_object_get(claims, copied[i]);

		if (claim != NULL && json_object_set(answer, copied[i], claim) != 0) {
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

/* Whatever is wrong with a token, the answer is only that it is not active (section 2.2). */
void
introspect_endpoint_complete(const json_t *claims, struct endpoint_answer *answer)
{
	if (claims == NULL)
		buffer_add_text(&answer->body, "{\"active\":false}");
	else if (!describe(claims, &answer->body))
		answer->body.failed = true;
	endpoint_answer_failed(answer);
}

/* Find the token in question. The gate verifies it, by the same code as for requests, so that both
 * always agree; changes committed before this request are taken into account. */
static enum oauth_error
introspect(struct oauth *oauth)
{
	struct buffer *introspected = &oauth->answer->introspected;

	oauth->answer->introspects = true;
	buffer_add(introspected, form_get(oauth->form, "token"));
	store_sync_look(oauth->server->sync);
	return introspected->failed ? oauth_say(oauth, OAUTH_SERVER_ERROR, "no memory") : OAUTH_OK;
}

void
introspect_endpoint_answer(struct authorization_server *server,
    const struct endpoint_request *request, int64_t now_s, struct endpoint_answer *answer)
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
		error = judge_role(&oauth);
	if (error == OAUTH_OK)
		error = client_authenticate_once(&oauth);
	if (error == OAUTH_OK)
		error = introspect(&oauth);
	oauth_end(&oauth, error);
}

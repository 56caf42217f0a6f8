/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint answers. */
#include "issuer/oauth/authorization_server.h"

#define ANSWER_MAX (256u << 10)

/* Of the form: each of its scopes is looked for among all that the client has. */
#define AT_ONCE_MAX 4096u

/* An assertion comes in the form: that costs a key to read and a signature to check. RSA signs in a
 * millisecond. */
bool
endpoints_at_once(struct authorization_server *server, const struct endpoint_request *request)
{
	return endpoint_read_line(&server->paths, request).endpoint == ENDPOINT_TOKEN &&
	       request->authorization.at != NULL && request->body.len <= AT_ONCE_MAX &&
	       signing_is_quick(server->signing) && store_sync_current(server->sync);
}

void
endpoints_answer(struct authorization_server *server, const struct endpoint_request *request,
    int64_t now_s, struct endpoint_answer *answer)
{
	struct endpoint_line line = endpoint_read_line(&server->paths, request);

	*answer = (struct endpoint_answer){ .status = 404, .error = "" };
	buffer_init(&answer->headers, ANSWER_MAX);
	buffer_init(&answer->body, ANSWER_MAX);
	buffer_init(&answer->introspected, ENDPOINT_MAX_BODY);
	if (line.endpoint == ENDPOINT_COUNT || endpoint_turn_away(&line, answer))
		; /* said */
	else if (line.endpoint == ENDPOINT_TOKEN)
		token_endpoint_answer(server, request, now_s, answer);
	else if (line.endpoint == ENDPOINT_REVOKE)
		revoke_endpoint_answer(server, request, now_s, answer);
	else if (line.endpoint == ENDPOINT_INTROSPECT)
		introspect_endpoint_answer(server, request, now_s, answer);
	else if (line.endpoint == ENDPOINT_AUTHORIZE)
		authorize_endpoint_answer(answer);
	else
		metadata_answer(server, line.endpoint, answer);
	endpoint_answer_failed(answer);
}

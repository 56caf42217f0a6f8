/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint answers. */
#include "issuer/oauth/authorization_server.h"

#define ANSWER_MAX (256u << 10)

void
endpoints_answer(struct authorization_server *server, const struct endpoint_request *request,
    int64_t now_s, struct endpoint_answer *answer)
{
	enum endpoint endpoint = endpoint_find(server, request->path);

	*answer = (struct endpoint_answer){ .status = 404, .error = "" };
	buffer_init(&answer->headers, ANSWER_MAX);
	buffer_init(&answer->body, ANSWER_MAX);
	buffer_init(&answer->introspected, ENDPOINT_MAX_BODY);
	if (endpoint == ENDPOINT_TOKEN)
		token_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_REVOKE)
		revoke_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_INTROSPECT)
		introspect_endpoint_answer(server, request, now_s, answer);
	else if (endpoint == ENDPOINT_AUTHORIZE)
		authorize_endpoint_answer(request, answer);
	else if (endpoint != ENDPOINT_COUNT)
		metadata_answer(server, endpoint, request, answer);
	else
		endpoint_missed(server, request, answer);
	endpoint_answer_failed(answer);
}

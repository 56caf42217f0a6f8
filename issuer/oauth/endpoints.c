/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint answers. */
#include "issuer/oauth/authorization_server.h"

#define ANSWER_MAX (256u << 10)

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

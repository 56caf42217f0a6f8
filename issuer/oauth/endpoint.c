/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

enum endpoint
endpoint_find(const struct authorization_server *server, struct span path)
{
	int i;

	for (i = 0; i < ENDPOINT_COUNT; i++) {
		if (span_is(path, server->paths[i]))
			break;
	}
	return (enum endpoint)i;
}

enum endpoint
endpoint_meant(const struct authorization_server *server, struct span path)
{
	int i;

	if (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	for (i = 0; i < ENDPOINT_COUNT; i++) {
		if (span_equal_nocase(path, span_of(server->paths[i])))
			break;
	}
	return (enum endpoint)i;
}

void
endpoint_missed(const struct authorization_server *server, const struct endpoint_request *request,
    struct endpoint_answer *answer)
{
	enum endpoint meant = endpoint_meant(server, request->path);

	if (meant == ENDPOINT_COUNT)
		return;
	answer->error = "invalid_request";
	buffer_add_text(
	    &answer->headers, "Content-Type: application/json\r\nCache-Control: no-store\r\n");
	buffer_format(&answer->body,
	    "{\"error\":\"invalid_request\",\"error_description\":\"this endpoint's path is "
	    "exactly "
	    "%s\"}",
	    server->paths[meant]);
}

void
endpoint_wrong_method(const char *allow, struct endpoint_answer *answer)
{
	answer->status = 405;
	answer->error = "invalid_request";
	buffer_format(&answer->headers,
	    "Allow: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n", allow);
	buffer_format(&answer->body,
	    "{\"error\":\"invalid_request\",\"error_description\":\"the method must be %s\"}",
	    allow);
}

void
endpoint_answer_failed(struct endpoint_answer *answer)
{
	if (!answer->headers.failed && !answer->body.failed)
		return;
	buffer_reset(&answer->headers);
	buffer_reset(&answer->body);
	answer->status = 500;
	answer->error = "server_error";
}

void
endpoint_answer_done(struct endpoint_answer *answer)
{
	buffer_done(&answer->headers);
	buffer_wipe(&answer->body);
	buffer_wipe(&answer->introspected);
}

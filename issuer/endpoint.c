/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/endpoint.h"

enum endpoint
endpoint_find(const struct issuer *issuer, struct span path)
{
	int i;

	for (i = 0; i < ENDPOINT_COUNT; i++) {
		if (span_is(path, issuer->paths[i]))
			break;
	}
	return (enum endpoint)i;
}

enum endpoint
endpoint_meant(const struct issuer *issuer, struct span path)
{
	int i;

	if (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	for (i = 0; i < ENDPOINT_COUNT; i++) {
		if (span_equal_nocase(path, span_of(issuer->paths[i])))
			break;
	}
	return (enum endpoint)i;
}

void
endpoint_missed(
    const struct issuer *issuer, const struct issuer_request *request, struct issuer_answer *answer)
{
	enum endpoint meant = endpoint_meant(issuer, request->path);

	if (meant == ENDPOINT_COUNT)
		return;
	answer->error = "invalid_request";
	buffer_add_text(
	    &answer->headers, "Content-Type: application/json\r\nCache-Control: no-store\r\n");
	buffer_format(&answer->body,
	    "{\"error\":\"invalid_request\",\"error_description\":\"this endpoint's path is "
	    "exactly "
	    "%s\"}",
	    issuer->paths[meant]);
}

void
endpoint_wrong_method(const char *allow, struct issuer_answer *answer)
{
	answer->status = 405;
	answer->error = "invalid_request";
	buffer_format(&answer->headers,
	    "Allow: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n", allow);
	buffer_format(&answer->body,
	    "{\"error\":\"invalid_request\",\"error_description\":\"the method must be %s\"}",
	    allow);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

void
authorize_endpoint_answer(const struct endpoint_request *request, struct endpoint_answer *answer)
{
	if (!span_is(request->method, "GET") && !span_is(request->method, "HEAD") &&
	    !span_is(request->method, "POST")) {
		endpoint_wrong_method("GET, HEAD, POST", answer);
		return;
	}
	/* The page is shown to the person in the browser: nothing of the request is repeated in it,
	 * and nobody is sent anywhere. */
	answer->status = 400;
	answer->error = "unsupported_response_type";
	buffer_add_text(
	    &answer->headers, "Content-Type: application/json\r\nCache-Control: no-store\r\n");
	buffer_add_text(&answer->body,
	    "{\"error\":\"unsupported_response_type\",\"error_description\":\"people cannot log in "
	    "here: this issuer issues tokens to clients only (grant type client_credentials)\"}");
}

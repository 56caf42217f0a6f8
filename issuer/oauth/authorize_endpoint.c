/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/authorization_server.h"

void
authorize_endpoint_answer(struct endpoint_answer *answer)
{
	/* The page is shown to the person in the browser: nothing of the request is repeated in it,
	 * and nobody is sent anywhere. */
	answer->status = 400;
	answer->error = "unsupported_response_type";
	endpoint_answer_json(answer);
	buffer_add_text(&answer->body,
	    "{\"error\":\"unsupported_response_type\",\"error_description\":\"" ENDPOINT_NO_LOGIN
	    "\"}");
}

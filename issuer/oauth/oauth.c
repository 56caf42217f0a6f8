/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/oauth.h"

#include <stdio.h>

#include "base/header_line.h"

#define ARENA_MAX (512u << 10)

static const struct {
	int status;
	const char *code;
} errors[] = {
	[OAUTH_OK] = { 200, "" },
	[OAUTH_INVALID_REQUEST] = { 400, "invalid_request" },
	[OAUTH_INVALID_CLIENT] = { 401, "invalid_client" },
	[OAUTH_UNAUTHORIZED_CLIENT] = { 403, "unauthorized_client" },
	[OAUTH_UNSUPPORTED_GRANT_TYPE] = { 400, "unsupported_grant_type" },
	[OAUTH_INVALID_SCOPE] = { 400, "invalid_scope" },
	[OAUTH_INVALID_TARGET] = { 400, "invalid_target" },
	[OAUTH_TOO_LARGE] = { 413, "invalid_request" },
	[OAUTH_LOCKED_OUT] = { 429, "temporarily_unavailable" },
	[OAUTH_UNAVAILABLE] = { 503, "temporarily_unavailable" },
	[OAUTH_SERVER_ERROR] = { 500, "server_error" },
};

enum oauth_error
oauth_say(struct oauth *oauth, enum oauth_error error, const char *detail)
{
	oauth->detail = detail;
	return error;
}

void
oauth_log(struct oauth *oauth, const char *why)
{
	(void)snprintf(oauth->answer->why, sizeof(oauth->answer->why), "%s", why);
}

void
oauth_begin(struct oauth *oauth)
{
	arena_init(&oauth->arena, ARENA_MAX);
}

enum oauth_error
oauth_read_form(struct oauth *oauth, const char *required)
{
	const struct endpoint_request *request = oauth->request;
	const char *wrong;

	/* A secret in the query would end up in a log; RFC 6749 section 2.3.1 forbids it. */
	if (request->has_query)
		return oauth_say(oauth, OAUTH_INVALID_REQUEST, ENDPOINT_NO_QUERY);
	if (request->body.len > ENDPOINT_MAX_BODY)
		return oauth_say(oauth, OAUTH_TOO_LARGE, "the body is too large");
	if (request->content_type.at == NULL || !form_content_type(request->content_type))
		return oauth_say(oauth, OAUTH_INVALID_REQUEST,
		    "the content type must be application/x-www-form-urlencoded");
	oauth->form = arena_alloc(&oauth->arena, sizeof(*oauth->form));
	if (oauth->form == NULL)
		return oauth_say(oauth, OAUTH_SERVER_ERROR, "no memory");
	if (!form_read(request->body, &oauth->arena, oauth->form, &wrong))
		return oauth_say(oauth, OAUTH_INVALID_REQUEST, wrong);
	if (form_has(oauth->form, required))
		return OAUTH_OK;
	oauth_log(oauth, required);
	return oauth_say(oauth, OAUTH_INVALID_REQUEST, "a required parameter is missing");
}

/* RFC 6749 section 5.2. */
static void
answer_error(struct oauth *oauth, enum oauth_error error)
{
	struct endpoint_answer *answer = oauth->answer;

	/* The scheme we offer, whichever the client used: RFC 9110 section 15.5.2 wants one on
	 * every 401. */
	if (error == OAUTH_INVALID_CLIENT)
		header_line_add(
		    &answer->headers, SPAN("WWW-Authenticate"), SPAN("Basic realm=\"postern\""));
	if (oauth->retry_after_s > 0)
		header_line_add_number(&answer->headers, SPAN("Retry-After"), oauth->retry_after_s);
	buffer_reset(&answer->body);
	buffer_format(&answer->body, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
	    errors[error].code, oauth->detail);
}

void
oauth_end(struct oauth *oauth, enum oauth_error error)
{
	struct endpoint_answer *answer = oauth->answer;

	endpoint_answer_json(answer);
	header_line_add(&answer->headers, SPAN("Pragma"), SPAN("no-cache"));
	if (error != OAUTH_OK)
		answer_error(oauth, error);
	answer->status = errors[error].status;
	answer->error = errors[error].code;
	if (oauth->form != NULL)
		client_credentials_forget(oauth->form);
	issuer_parts_drop(&oauth->parts);
	arena_done(&oauth->arena);
}

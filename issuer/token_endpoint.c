/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/epoch.h"
#include "base/log.h"
#include "issuer/client_auth.h"
#include "issuer/form.h"
#include "issuer/mint.h"
#include "issuer/wish.h"

#define ARENA_MOST (512u << 10)
#define TOKEN_MOST (64u << 10)

/* The rows of RFC 6749 section 5.2, RFC 8707 section 2, and our own trouble. */
enum token_error {
	TOKEN_OK,
	INVALID_REQUEST,
	INVALID_CLIENT,
	UNSUPPORTED_GRANT_TYPE,
	INVALID_SCOPE,
	INVALID_TARGET,
	TOO_LARGE,
	SERVER_ERROR
};

static const struct {
	int status;
	const char *code;
} token_errors[] = {
	[TOKEN_OK] = { 200, "" },
	[INVALID_REQUEST] = { 400, "invalid_request" },
	[INVALID_CLIENT] = { 401, "invalid_client" },
	[UNSUPPORTED_GRANT_TYPE] = { 400, "unsupported_grant_type" },
	[INVALID_SCOPE] = { 400, "invalid_scope" },
	[INVALID_TARGET] = { 400, "invalid_target" },
	[TOO_LARGE] = { 413, "invalid_request" },
	[SERVER_ERROR] = { 500, "server_error" },
};

/* One request on its way. */
struct exchange {
	struct issuer *issuer;
	const struct issuer_request *request;
	struct issuer_answer *answer;
	int64_t now_s;
	struct arena arena;
	struct form *form;
	struct client_auth auth;
	struct wish_granted granted;
	const char *id;     /* the client's, once it has proved who it is */
	const char *detail; /* for the client; a string literal of printable ASCII */
};

static enum token_error
say(struct exchange *exchange, enum token_error error, const char *detail)
{
	exchange->detail = detail;
	return error;
}

static enum token_error
read_request(struct exchange *exchange)
{
	const struct issuer_request *request = exchange->request;
	const char *wrong;

	/* A secret in the query would end in somebody's log; RFC 6749 section 2.3.1 forbids it. */
	if (request->has_query)
		return say(exchange, INVALID_REQUEST, "parameters belong into the body");
	if (request->body.len > ISSUER_MAX_BODY)
		return say(exchange, TOO_LARGE, "the body is too large");
	if (request->content_type.at == NULL || !form_content_type(request->content_type))
		return say(exchange, INVALID_REQUEST,
		    "the content type must be application/x-www-form-urlencoded");
	exchange->form = arena_alloc(&exchange->arena, sizeof(*exchange->form));
	if (exchange->form == NULL)
		return say(exchange, SERVER_ERROR, "no memory");
	if (!form_read(request->body, &exchange->arena, exchange->form, &wrong))
		return say(exchange, INVALID_REQUEST, wrong);
	if (!form_has(exchange->form, "grant_type"))
		return say(exchange, INVALID_REQUEST, "grant_type is missing");
	return TOKEN_OK;
}

static bool
audience_fits(const struct exchange *exchange, const char *parameter)
{
	struct span asked = form_get(exchange->form, parameter);

	return asked.at == NULL || span_is(asked, exchange->issuer->local.audience);
}

static enum token_error
decide(struct exchange *exchange, const struct client *client)
{
	struct wish wish = { client, form_get(exchange->form, "scope"),
		exchange->issuer->local.token_lifetime_s };

	if (!span_is(form_get(exchange->form, "grant_type"), "client_credentials"))
		return say(
		    exchange, UNSUPPORTED_GRANT_TYPE, "only client_credentials is supported");
	if (!audience_fits(exchange, "resource") || !audience_fits(exchange, "audience"))
		return say(
		    exchange, INVALID_TARGET, "tokens for that resource are not issued here");
	if (!wish_decide(&wish, &exchange->arena, &exchange->granted))
		return say(exchange, INVALID_SCOPE, "the client may not have that scope");
	return TOKEN_OK;
}

/* Within one look at the clients: who is it, and what does it get? What is needed later is
 * copied. An unknown client, a wrong secret and a disabled client look and cost the same. */
static enum token_error
judge_client(struct exchange *exchange)
{
	const struct client *client;
	bool right;

	client = issuer_client(exchange->issuer, exchange->auth.id);
	right = client_secret_right(client, exchange->auth.secret);
	if (client != NULL)
		(void)snprintf(
		    exchange->answer->client, sizeof(exchange->answer->client), "%s", client->name);
	if (!right || client == NULL || client->disabled)
		return say(exchange, INVALID_CLIENT, "client authentication failed");
	exchange->id = arena_text(&exchange->arena, span_of(client->id));
	if (exchange->id == NULL)
		return say(exchange, SERVER_ERROR, "no memory");
	return decide(exchange, client);
}

static enum token_error
authenticate(struct exchange *exchange)
{
	enum client_auth_found found;
	enum token_error error;

	found = client_auth_find(
	    exchange->request->authorization, exchange->form, &exchange->arena, &exchange->auth);
	if (found == CLIENT_AUTH_SEVERAL)
		return say(exchange, INVALID_REQUEST, "the client authenticates in two ways");
	if (found != CLIENT_AUTH_GIVEN || exchange->auth.way == CLIENT_AUTH_ASSERTION)
		return say(exchange, INVALID_CLIENT, "client authentication failed");
	/* A client that was added, or a secret that was revoked, a moment ago counts already. */
	watch_look(exchange->issuer->watch);
	epoch_enter();
	error = judge_client(exchange);
	epoch_leave();
	client_auth_wipe(&exchange->auth);
	return error;
}

/* RFC 6749 section 5.1. */
static void
answer_token(struct exchange *exchange, const struct buffer *token)
{
	struct buffer *body = &exchange->answer->body;

	buffer_add_text(body, "{\"access_token\":");
	buffer_add_json(body, buffer_span(token));
	buffer_format(body, ",\"token_type\":\"Bearer\",\"expires_in\":%lld",
	    (long long)exchange->granted.lifetime_s);
	if (exchange->granted.scope != NULL) {
		buffer_add_text(body, ",\"scope\":");
		buffer_add_json(body, span_of(exchange->granted.scope));
	}
	buffer_add_text(body, "}");
}

static enum token_error
mint(struct exchange *exchange)
{
	const struct local *local = &exchange->issuer->local;
	struct mint mint = { .issuer = local->issuer,
		.audience = local->audience,
		.client_id = exchange->id,
		.scope = exchange->granted.scope,
		.now_s = exchange->now_s,
		.lifetime_s = exchange->granted.lifetime_s };
	struct buffer token;
	struct err err;
	bool done;

	buffer_init(&token, TOKEN_MOST);
	done = mint_token(exchange->issuer->signing, &mint, &token, &err);
	if (done)
		answer_token(exchange, &token);
	else
		log_event(LOG_ERROR, "token_failed", "%s", err.text);
	buffer_wipe(&token);
	return done ? TOKEN_OK : say(exchange, SERVER_ERROR, "the token cannot be made");
}

/* RFC 6749 section 5.2. */
static void
answer_error(struct exchange *exchange, enum token_error error)
{
	struct issuer_answer *answer = exchange->answer;

	/* The scheme we offer, whichever the client used: RFC 9110 section 15.5.2 wants one on
	 * every 401. */
	if (error == INVALID_CLIENT)
		buffer_add_text(&answer->headers, "WWW-Authenticate: Basic realm=\"postern\"\r\n");
	buffer_reset(&answer->body);
	buffer_format(&answer->body, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
	    token_errors[error].code, exchange->detail);
}

void
token_endpoint_answer(struct issuer *issuer, const struct issuer_request *request, int64_t now_s,
    struct issuer_answer *answer)
{
	struct exchange exchange = {
		.issuer = issuer, .request = request, .answer = answer, .now_s = now_s
	};
	enum token_error error;

	if (!span_is(request->method, "POST")) {
		endpoint_wrong_method("POST", answer);
		return;
	}
	arena_init(&exchange.arena, ARENA_MOST);
	error = read_request(&exchange);
	if (error == TOKEN_OK)
		error = authenticate(&exchange);
	if (error == TOKEN_OK)
		error = mint(&exchange);
	buffer_add_text(&answer->headers,
	    "Content-Type: application/json\r\nCache-Control: no-store\r\nPragma: no-cache\r\n");
	if (error != TOKEN_OK)
		answer_error(&exchange, error);
	answer->status = token_errors[error].status;
	answer->error = token_errors[error].code;
	if (exchange.form != NULL)
		client_auth_forget(exchange.form);
	arena_done(&exchange.arena);
}

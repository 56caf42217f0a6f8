/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint - requests to the local issuer's endpoints and their answers, as values; which path is
 * which endpoint.
 *
 * Uses:   base.
 */
#ifndef POSTERN_ISSUER_OAUTH_ENDPOINT_H
#define POSTERN_ISSUER_OAUTH_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

enum endpoint {
	ENDPOINT_TOKEN,
	ENDPOINT_REVOKE,
	ENDPOINT_INTROSPECT,
	ENDPOINT_AUTHORIZE,
	ENDPOINT_JWKS,
	ENDPOINT_OAUTH,
	ENDPOINT_OPENID,
	ENDPOINT_COUNT
};

/* Behind the issuer's own path. */
#define ENDPOINT_TOKEN_PATH "/oauth/token"
#define ENDPOINT_REVOKE_PATH "/oauth/revoke"
#define ENDPOINT_INTROSPECT_PATH "/oauth/introspect"
#define ENDPOINT_AUTHORIZE_PATH "/oauth/authorize"
#define ENDPOINT_JWKS_PATH "/.well-known/jwks.json"

/* The detail for requests that are refused by their request line alone. */
#define ENDPOINT_NO_QUERY "parameters belong in the body"
#define ENDPOINT_NO_LOGIN                                                                          \
	"people cannot log in here: this issuer issues tokens to clients only (grant type "        \
	"client_credentials)"

/* The most bytes of body an endpoint reads; more is answered 413 without reading. */
#define ENDPOINT_MAX_BODY (64u << 10)

/* A request to one of its endpoints, as values. */
struct endpoint_request {
	struct span method;
	struct span path; /* canonical */
	bool has_query;
	struct span authorization; /* at == NULL: no header */
	struct span content_type;  /* at == NULL: no header */
	struct span body;
	struct span resource; /* what clients call this gate (RFC 9728); at == NULL: nothing */
	const struct texts *resources; /* what clients call the APIs of this gate that have tokens
					* of their own; NULL: none have */
	struct span peer;              /* for the audit line */
	bool current; /* nothing is to be loaded from the store: endpoints_at_once() */
};

/* The answer. `headers` are whole lines, each with its CRLF, without framing. */
struct endpoint_answer {
	int status;
	struct buffer headers;
	struct buffer body;
	const char *error; /* RFC 6749 section 5.2 code for the log; "" when all went well */
	char client[129];  /* the client's name once it is known, for the log; else "" */
	char why[128];     /* more detail than the client gets, for the log; else "" */
	bool introspects;  /* an authorized introspection: the answer is incomplete until
			    * introspect_endpoint_complete() */
	struct buffer introspected; /* that token */
};

/* The path of each endpoint. */
struct endpoint_paths {
	const char *at[ENDPOINT_COUNT];
};

/* See endpoint_read_line(). */
struct endpoint_line {
	enum endpoint endpoint; /* ENDPOINT_COUNT: the path is none of the issuer's */
	int status;             /* 404, 405, 400; 200: depends on the rest of the request */
	const char *told;       /* of 404, 405 and 400: what to write before `wanted` */
	const char *wanted;     /* the path or the methods; "" */
};

struct authorization_server;

/* Release the buffers of an answer. */
void endpoint_answer_done(struct endpoint_answer *answer);

/* Answer 500 if the answer found no memory. */
void endpoint_answer_failed(struct endpoint_answer *answer);

/* The paths on the listener of the endpoints of an issuer with this `issuer` URL, lent by the
 * arena. False: no memory. RFC 8414 section 3.1 puts its document in front of the issuer's path,
 * OpenID Connect Discovery behind it. */
MUST_CHECK bool endpoint_place(
    const char *issuer, struct arena *arena, struct endpoint_paths *ret_paths);

/*
 * What the request line alone decides. A path that differs from an endpoint only by a trailing
 * slash or by case is 404: a client secret sent there is meant for the endpoint, and checking it as
 * a user's password would lock out the client. Pure.
 */
struct endpoint_line endpoint_read_line(
    const struct endpoint_paths *paths, const struct endpoint_request *request);

/* Add the headers of an answer in JSON that is for the asking client alone. */
void endpoint_answer_json(struct endpoint_answer *answer);

/* Answer 404 or 405 (RFC 9110 section 15.5.6), if the line settles that; false if the endpoint is
 * to answer. */
MUST_CHECK bool endpoint_turn_away(
    const struct endpoint_line *line, struct endpoint_answer *answer);

/* Answer a request to the token (RFC 6749), revocation (RFC 7009) or introspection (RFC 7662)
 * endpoint. */
void token_endpoint_answer(struct authorization_server *server,
    const struct endpoint_request *request, int64_t now_s, struct endpoint_answer *answer);
void revoke_endpoint_answer(struct authorization_server *server,
    const struct endpoint_request *request, int64_t now_s, struct endpoint_answer *answer);
void introspect_endpoint_answer(struct authorization_server *server,
    const struct endpoint_request *request, int64_t now_s, struct endpoint_answer *answer);

/* Answer a request to whatever stands at its path; see issuer_answer(). */
void endpoints_answer(struct authorization_server *server, const struct endpoint_request *request,
    int64_t now_s, struct endpoint_answer *answer);

/* Will the answer take no longer than a signature, without waiting for anything? Then it may be
 * made where others wait meanwhile, with `current` set in the request. So for tokens on ES256 or
 * EdDSA, to a client that says its secret in a header and asks for little, while all that the store
 * holds is in memory.
 */
MUST_CHECK bool endpoints_at_once(
    struct authorization_server *server, const struct endpoint_request *request);

/* Complete the answer of the introspection endpoint. claims: those of answer->introspected if the
 * gate would accept it now as a token of this issuer, else NULL. */
void introspect_endpoint_complete(const json_t *claims, struct endpoint_answer *answer);

/* Answer a request to the authorization endpoint (RFC 6749 section 3.1): an error document, never a
 * redirect, since no client has a redirection URI here (section 4.1.2.1). */
void authorize_endpoint_answer(struct endpoint_answer *answer);

#endif

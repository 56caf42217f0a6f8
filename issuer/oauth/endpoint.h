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

#include "base/buffer.h"
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
	struct span peer;     /* for the audit line */
};

/* The answer. `headers` are whole lines, each with its CRLF, without framing. */
struct endpoint_answer {
	int status;
	struct buffer headers;
	struct buffer body;
	const char *error; /* RFC 6749 section 5.2 code for the log; "" when all went well */
	char client[129];  /* the client's name once it is known, for the log; else "" */
	char why[128];     /* more than the client is told, for the log; else "" */
	bool introspects;  /* somebody asks about a token and may: the answer is not whole until
			    * introspect_endpoint_complete() */
	struct buffer introspected; /* that token */
};

struct authorization_server;

/* Release the buffers of an answer. */
void endpoint_answer_done(struct endpoint_answer *answer);

/* Answer 500 if the answer found no memory. */
void endpoint_answer_failed(struct endpoint_answer *answer);

/* The endpoint at a canonical path; ENDPOINT_COUNT: none. */
enum endpoint endpoint_find(const struct authorization_server *server, struct span path);

/* The same, and one that the path misses only by a slash at its end or by upper and lower case. */
enum endpoint endpoint_meant(const struct authorization_server *server, struct span path);

/* Answer a request whose path misses an endpoint so: 404 and the path that was meant. Whoever sends
 * a client's secret there means the endpoint; to judge it as a user's password would lock out the
 * client. */
void endpoint_missed(const struct authorization_server *server,
    const struct endpoint_request *request, struct endpoint_answer *answer);

/* Answer 405 (RFC 9110 section 15.5.6). */
void endpoint_wrong_method(const char *allow, struct endpoint_answer *answer);

/* Is this path an endpoint of an issuer that is configured with this `issuer`, running or not?
 * Pure. */
bool endpoint_of_issuer(const char *issuer, struct span path);

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

/* Complete the answer of the introspection endpoint: the claims of answer->introspected if whoever
 * judges requests would take it now as this issuer's token, else NULL. */
void introspect_endpoint_complete(const json_t *claims, struct endpoint_answer *answer);

/* Answer a request to the authorization endpoint (RFC 6749 section 3.1): an error document, never a
 * redirect, since no client has a redirection URI here (section 4.1.2.1). */
void authorize_endpoint_answer(
    const struct endpoint_request *request, struct endpoint_answer *answer);

#endif

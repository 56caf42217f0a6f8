/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth - what the token, revocation and introspection endpoints share: a form read strictly, a
 * client that proves who it is, an error as RFC 6749 section 5.2 has it.
 *
 * Uses:   endpoint, form, client_auth, assertion, replay. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_OAUTH_H
#define POSTERN_ISSUER_OAUTH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "issuer/client_auth.h"
#include "issuer/endpoint.h"
#include "issuer/form.h"

/* The rows of RFC 6749 section 5.2, RFC 8707 section 2, and our own trouble. */
enum oauth_error {
	OAUTH_OK,
	OAUTH_INVALID_REQUEST,
	OAUTH_INVALID_CLIENT,
	OAUTH_UNAUTHORIZED_CLIENT,
	OAUTH_UNSUPPORTED_GRANT_TYPE,
	OAUTH_INVALID_SCOPE,
	OAUTH_INVALID_TARGET,
	OAUTH_TOO_LARGE,
	OAUTH_LOCKED_OUT,
	OAUTH_UNAVAILABLE,
	OAUTH_SERVER_ERROR
};

/* One request on its way. */
struct oauth {
	struct issuer *issuer;
	const struct issuer_request *request;
	struct issuer_answer *answer;
	int64_t now_s;
	struct arena arena;
	struct form *form;
	struct client_auth auth;
	const char *id;          /* the client's, once it has proved who it is */
	const char *incarnation; /* likewise */
	const char *detail;      /* for the client; a string literal of printable ASCII */
	int64_t retry_after_s;
};

/* One of the endpoints. */
struct oauth_endpoint {
	const char *required; /* the parameter that must be there */
	/* Asked of the client that proved who it is, within an epoch: what is needed later is
	 * copied. May be NULL. */
	enum oauth_error (*decide)(struct oauth *oauth, const struct client *client);
	/* Do it, and fill in the body. */
	enum oauth_error (*act)(struct oauth *oauth);
};

/* Note what is wrong, for the client; returns `error`. */
enum oauth_error oauth_say(struct oauth *oauth, enum oauth_error error, const char *detail);

/* Note what is wrong, for the log alone; cut when it is long. */
void oauth_log(struct oauth *oauth, const char *why);

/*
 * Read the request, authenticate the client, decide, act, answer. An unknown client, a wrong
 * secret, another method than the registered one and a disabled client look alike and cost alike.
 *
 * oauth  issuer, request, answer and now_s are set, the rest is zero.
 */
void oauth_serve(struct oauth *oauth, const struct oauth_endpoint *endpoint);

#endif

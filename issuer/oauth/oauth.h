/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth - what the token, revocation and introspection endpoints share: a form read strictly, a
 * client that proves who it is (client_authenticate.h), an error as RFC 6749 section 5.2 has it.
 *
 * Uses:   endpoint, form, client_credentials, assertion. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_OAUTH_OAUTH_H
#define POSTERN_ISSUER_OAUTH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "issuer/oauth/assertion.h"
#include "issuer/oauth/client_credentials.h"
#include "issuer/oauth/authorization_server.h"
#include "issuer/oauth/form.h"

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

/* One request being processed. */
struct oauth {
	struct authorization_server *server;
	const struct endpoint_request *request;
	struct endpoint_answer *answer;
	int64_t now_s;
	struct arena arena;
	struct form *form;
	struct client_credentials auth;
	struct assertion assertion;  /* the authenticated client, if any */
	struct issuer_parts parts;   /* from client_authenticate() to oauth_end() */
	const struct client *client; /* the authenticated client; lent by the parts */
	const char *detail;          /* for the client; a string literal of printable ASCII */
	int64_t retry_after_s;
};

/* Note what is wrong, for the client; returns `error`. */
enum oauth_error oauth_say(struct oauth *oauth, enum oauth_error error, const char *detail);

/* Note what is wrong, for the log alone; cut when it is long. */
void oauth_log(struct oauth *oauth, const char *why);

/*
 * Begin with a request; oauth_end() it.
 *
 * oauth  issuer, request, answer and now_s are set, the rest is zero.
 */
void oauth_begin(struct oauth *oauth);

/* Read the form into oauth->form. required  the parameter that must be there. */
MUST_CHECK enum oauth_error oauth_read_form(struct oauth *oauth, const char *required);

/* Send the body in oauth->answer, or the error. Wipes the secrets. */
void oauth_end(struct oauth *oauth, enum oauth_error error);

#endif

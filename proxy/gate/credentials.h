/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials - the credentials of a request: those of its Authorization header (RFC 9110 section
 * 11.6.2), or a bearer token in one of the places that its module names.
 *
 * Uses:   request, policy (credential_places, target), base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_CREDENTIALS_H
#define POSTERN_PROXY_GATE_CREDENTIALS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "policy/credential_places.h"
#include "policy/target.h"
#include "proxy/http/request.h"

enum credentials_scheme {
	CREDENTIALS_NONE,   /* no header, or an unsupported scheme */
	CREDENTIALS_BEARER, /* RFC 6750 section 2.1 */
	CREDENTIALS_BASIC   /* RFC 7617 */
};

enum credentials_place {
	CREDENTIALS_IN_HEADER, /* Authorization, or nowhere */
	CREDENTIALS_IN_COOKIE,
	CREDENTIALS_IN_QUERY,
	CREDENTIALS_IN_PROTOCOL /* Sec-WebSocket-Protocol */
};

struct credentials {
	enum credentials_scheme scheme;
	enum credentials_place place;
	struct span value;  /* the token, or Basic's base64; borrowed from the request */
	const char *detail; /* set with a refusal, and for an unsupported scheme */
};

/*
 * Read the Authorization header and, where `places` says so, cookie, query and
 * Sec-WebSocket-Protocol. Tokens anywhere else are ignored.
 *
 * places  of the request's module; NULL: Authorization alone.
 * Returns REASON_OK, REASON_CREDENTIALS_DUPLICATE (two headers, cookies, parameters or places) or
 * REASON_CREDENTIALS_MALFORMED (an empty Bearer, a second value, bytes not allowed in a token68);
 * any number of spaces is allowed between the scheme and its value (RFC 9110 section 11.4).
 */
MUST_CHECK enum reason credentials_read(const struct request *request,
    const struct credential_places *places, struct credentials *credentials);

/* Take the token off the target's query, before it is forwarded or shown. places  of its module;
 * NULL: there is none in it. False: no memory. */
MUST_CHECK bool credentials_hide(
    const struct credential_places *places, struct target *target, struct arena *arena);

/*
 * Decode the value of Basic (RFC 7617): NAME:PASSWORD in canonical base64, both UTF-8 without
 * control characters, unchanged byte for byte. The password may contain a colon, the name may not.
 * Both are lent by the arena; wipe the password.
 *
 * Returns REASON_OK, REASON_CREDENTIALS_MALFORMED, or REASON_OVERLOADED when there is no memory.
 */
MUST_CHECK enum reason credentials_basic(struct credentials *credentials, struct arena *arena,
    struct span *ret_name, struct span *ret_password);

#endif

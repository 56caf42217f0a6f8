/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials - the contents of a request's Authorization header (RFC 9110 section 11.6.2).
 *
 * Uses:   request, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_CREDENTIALS_H
#define POSTERN_PROXY_GATE_CREDENTIALS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/request.h"

enum credentials_scheme {
	CREDENTIALS_NONE,   /* no header, or an unsupported scheme */
	CREDENTIALS_BEARER, /* RFC 6750 section 2.1 */
	CREDENTIALS_BASIC   /* RFC 7617 */
};

struct credentials {
	enum credentials_scheme scheme;
	struct span value;  /* the token, or Basic's base64; borrowed from the request */
	const char *detail; /* set with a refusal, and for an unsupported scheme */
};

/*
 * Read the Authorization header. Tokens elsewhere (query, form, cookie) are ignored.
 *
 * Returns REASON_OK, REASON_CREDENTIALS_DUPLICATE (two headers) or REASON_CREDENTIALS_MALFORMED
 * (an empty Bearer, a second value, bytes not allowed in a token68); any number of spaces is
 * allowed between the scheme and its value (RFC 9110 section 11.4).
 */
MUST_CHECK enum reason credentials_read(
    const struct request *request, struct credentials *credentials);

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

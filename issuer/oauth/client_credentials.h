/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_credentials - the client id and credentials of a request (RFC 6749 section 2.3.1, RFC 7521
 * section 4.2).
 *
 * Uses:   base, form, text.
 * Pure:   yes (allocates in the caller's arena).
 */
#ifndef POSTERN_ISSUER_OAUTH_CLIENT_CREDENTIALS_H
#define POSTERN_ISSUER_OAUTH_CLIENT_CREDENTIALS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"
#include "issuer/oauth/form.h"

/* Longer headers are refused. */
#define CLIENT_CREDENTIALS_MAX_BYTES 4096

enum client_credentials_found {
	CLIENT_CREDENTIALS_NONE, /* the client does not authenticate */
	CLIENT_CREDENTIALS_GIVEN,
	CLIENT_CREDENTIALS_WRONG,  /* an unsupported or malformed scheme: 401 */
	CLIENT_CREDENTIALS_SEVERAL /* more than one method: RFC 6749 section 2.3, 400 */
};

enum client_credentials_method {
	CLIENT_CREDENTIALS_BASIC,
	CLIENT_CREDENTIALS_POST,
	CLIENT_CREDENTIALS_ASSERTION
};

/* Lent by the arena. */
struct client_credentials {
	enum client_credentials_method way;
	struct span id;        /* at == NULL: only in the assertion */
	struct span secret;    /* of Basic and of the form */
	struct span assertion; /* else */
};

/*
 * HTTP Basic (RFC 7617). Id and secret are percent-decoded, as RFC 6749 section 2.3.1 has them
 * encoded; what is not valid percent encoding is used unchanged, because many clients do not
 * encode. A "+" stays a "+": secrets with a plus are more common than secrets with a space, and a
 * client that encodes writes "%2B" for it. No control characters.
 *
 * authorization  borrowed; at == NULL: no header.
 */
MUST_CHECK enum client_credentials_found client_credentials_basic(
    struct span authorization, struct arena *arena, struct client_credentials *ret_auth);

/* From the header or the form, whichever there is, but not both. An assertion needs its
 * client_assertion_type. *ret_auth is set always: empty unless CLIENT_CREDENTIALS_GIVEN. */
MUST_CHECK enum client_credentials_found client_credentials_find(struct span authorization,
    const struct form *form, struct arena *arena, struct client_credentials *ret_auth);

/* Overwrite the secret. Its bytes are the arena's. */
void client_credentials_wipe(struct client_credentials *auth);

/* Overwrite the secret and the assertion that the form holds, whether they were used or not. */
void client_credentials_forget(const struct form *form);

#endif

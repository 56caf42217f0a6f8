/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_authenticate - authenticate a client by its secret or assertion, whichever it is
 * registered for. The lock-out limits attempts at secrets that could be guessed.
 *
 * Uses:   oauth, client_credentials, assertion, replay, client. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_OAUTH_CLIENT_AUTHENTICATE_H
#define POSTERN_ISSUER_OAUTH_CLIENT_AUTHENTICATE_H

#include "base/check.h"
#include "issuer/oauth/oauth.h"

/* Sets oauth->client. An unknown client, a wrong secret, an unregistered method and a disabled
 * client get the same answer after the same work. */
MUST_CHECK enum oauth_error client_authenticate(struct oauth *oauth);

/* Mark the assertion as used: it is valid only once (RFC 7523 section 3, item 7). Call this last,
 * so that a request that fails for another reason can be retried with it. OAUTH_OK without one. */
MUST_CHECK enum oauth_error client_authenticate_once(struct oauth *oauth);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_authenticate - does the client prove who it says it is? By a secret or by an assertion, as
 * it is registered; what can be guessed no faster and no more often than the lock-out lets it.
 *
 * Uses:   oauth, client_credentials, assertion, replay, client. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_OAUTH_CLIENT_AUTHENTICATE_H
#define POSTERN_ISSUER_OAUTH_CLIENT_AUTHENTICATE_H

#include "base/check.h"
#include "issuer/oauth/oauth.h"

/* Sets oauth->client. An unknown client, a wrong secret, another method than the registered one and
 * a disabled client look alike and cost alike. */
MUST_CHECK enum oauth_error client_authenticate(struct oauth *oauth);

/* An assertion counts once (RFC 7523 section 3, item 7): use it up. Asked last, so that a request
 * that fails for another cause leaves it good for the next try. OAUTH_OK without one. */
MUST_CHECK enum oauth_error client_authenticate_once(struct oauth *oauth);

#endif

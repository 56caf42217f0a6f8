/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_authenticate - does the client prove who it says it is? By a secret or by an assertion, as it
 * is registered; what can be guessed no faster and no more often than the lock-out lets it.
 *
 * Uses:   oauth, client_auth, assertion, replay, client. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_CLIENT_PROOF_H
#define POSTERN_ISSUER_CLIENT_PROOF_H

#include "issuer/oauth.h"

/* Sets oauth->id. `decide` is asked within the same look at the clients; may be NULL. */
MUST_CHECK enum oauth_error client_authenticate(struct oauth *oauth,
    enum oauth_error (*decide)(struct oauth *oauth, const struct client *client));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_token - a token that this issuer made, looked at again.
 *
 * Uses:   oauth, token. For the files of this folder only.
 */
#ifndef POSTERN_ISSUER_OAUTH_OWN_TOKEN_H
#define POSTERN_ISSUER_OAUTH_OWN_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "issuer/oauth/oauth.h"
#include "issuer/accounts/revoked.h"
#include "token/token.h"
#include "token/verify.h"

struct own_token {
	struct token token; /* owned */
	struct claims claims;
	struct revoked_question question; /* lent by token and claims */
};

/*
 * Is `text` a token of ours that has not ended: our keys, our `iss`, one of our `aud`? Whether it
 * was revoked, or its client is gone, is not asked. own_token_done() in every case.
 *
 * text  borrowed: must outlive the token.
 */
MUST_CHECK bool own_token_read(struct oauth *oauth, struct span text, struct own_token *ret_token);

/* Accepts a zeroed one. */
void own_token_done(struct own_token *token);

#endif

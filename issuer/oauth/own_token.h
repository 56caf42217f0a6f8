/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_token - verify a token that this issuer made.
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
 * Is `text` a token of this issuer that has not expired: its keys, its `iss`, one of its `aud`?
 * Does not check whether it was revoked or its client was deleted. own_token_done() in every case.
 *
 * text  borrowed: must outlive the token.
 */
MUST_CHECK bool own_token_read(struct oauth *oauth, struct span text, struct own_token *ret_token);

/* Accepts a zeroed one. */
void own_token_done(struct own_token *token);

#endif

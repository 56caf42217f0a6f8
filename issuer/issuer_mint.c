/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens for the operator of the machine. */
#include "base/clock.h"
#include "issuer/endpoint.h"
#include "issuer/mint.h"
#include "issuer/wish.h"

#define ARENA_MOST (64u << 10)

bool
issuer_mint(struct issuer *issuer, const struct client *client, const char *scope,
    struct buffer *token, struct err *reterr)
{
	struct wish wish = { client, span_of(scope), issuer->local.token_lifetime_s };
	struct wish_granted granted;
	struct arena arena;
	bool done;

	arena_init(&arena, ARENA_MOST);
	if (!wish_decide(&wish, &arena, &granted)) {
		done = err_set(reterr, "the client may not have that scope");
	} else {
		struct mint mint = { .issuer = issuer->local.issuer,
			.audience = issuer->local.audience,
			.subject = client->id,
			.client_id = client->id,
			.incarnation = client->incarnation,
			.scope = granted.scope,
			.now_s = clock_now_s(),
			.lifetime_s = granted.lifetime_s };

		done = mint_token(issuer->signing, &mint, token, reterr);
	}
	arena_done(&arena);
	return done;
}

bool
issuer_mint_user(
    struct issuer *issuer, const struct user *user, struct buffer *token, struct err *reterr)
{
	struct mint mint = { .issuer = issuer->local.issuer,
		.audience = issuer->local.audience,
		.subject = user->name,
		.incarnation = user->incarnation,
		.now_s = clock_now_s(),
		.lifetime_s = issuer->local.token_lifetime_s };

	return mint_token(issuer->signing, &mint, token, reterr);
}

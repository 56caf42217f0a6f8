/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - check a token: verified claims, or the one reason for the refusal.
 *
 * Uses:   token, trusted_issuer, jwks, base.
 * Pure:   yes: keys and time are arguments. Nothing is fetched; a missing key is
 *         REASON_KEY_UNKNOWN.
 *
 * Only verify_token() makes a `struct claims`, and policy/ accepts no other input, so unverified
 * claims cannot reach it.
 */
#ifndef POSTERN_TOKEN_VERIFY_H
#define POSTERN_TOKEN_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "jwks/keyset.h"
#include "token/trusted_issuer.h"
#include "token/token.h"

/* A list of spans lent by the arena. */
struct spans {
	struct span *at;
	size_t count;
};

/* Verified. Texts are lent by the arena and by `payload`. */
struct claims {
	const struct trusted_issuer *trusted_issuer; /* borrowed */
	struct span subject;                         /* at == NULL: the token names none */
	struct span client;
	struct spans scopes; /* split at U+0020; arrays as they are */
	struct spans groups;
	struct spans roles;
	size_t not_text;     /* ignored entries of the three lists that are not strings */
	bool groups_overage; /* the caller has groups that the token does not list */
	int64_t expires_s;   /* exclusive, without skew */
	int64_t from_s;  /* every rule about time holds while from_s <= now < until_s: `nbf` and */
	int64_t until_s; /* `iat` have come; min(exp, iat + max_age) has not; skew included */
	const json_t *payload; /* lent by the token */
};

/* The inputs of a verification. */
struct verify_inputs {
	const struct trusted_issuer *trusted_issuer;
	const struct keyset *keys; /* NULL: REASON_KEYS_UNAVAILABLE */
	/* One of these is demanded, whatever the trusted issuer's audience is. NULL: that one */
	const struct texts *audiences;
	int64_t now_s;
	struct span thumbprint; /* SHA-256 of the client's verified certificate; at == NULL: none */
};

/*
 * Verify a token that token_read() parsed: the trusted issuer's `iss`, `alg` and `typ`, the key and
 * the signature, then `exp`, `nbf`, `iat`, `aud`, the required claims and `cnf` (RFC 7519 section
 * 4.1, RFC 8725 section 3, RFC 9068 section 4). A claim of the wrong type is
 * REASON_CLAIM_MALFORMED; it never counts as absent. Valid while now < exp + skew, now >= nbf -
 * skew, now >= iat - skew and now <= iat + max_age + skew. OVERLOADED if the arena is full.
 *
 * token   borrowed; token->detail is set with a refusal.
 * claims  set on REASON_OK only; valid as long as token and arena.
 */
MUST_CHECK enum reason verify_token(const struct verify_inputs *inputs, struct token *token,
    struct arena *arena, struct claims *claims);

/*
 * verify_token() without the header, the key and the signature: for `explain --claims`, which
 * answers "what if" questions. Of `token` only `issuer` and `claims` are read.
 */
MUST_CHECK enum reason verify_assumed(const struct verify_inputs *inputs, struct token *token,
    struct arena *arena, struct claims *claims);

/* Only the algorithm list, the key and the signature: for `verify --signature-only`. */
MUST_CHECK enum reason verify_signature(
    algorithm_set allowed, const struct keyset *keys, struct token *token);

#endif

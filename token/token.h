/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - a parsed compact JWS (RFC 7515 section 7.1); nothing in it is verified.
 *
 * Uses:   jwks (algorithm), base.
 * Pure:   yes (allocates from the arena; jansson values are owned).
 * Limits: TOKEN_MAX_BYTES, TOKEN_MAX_HEADER_BYTES of decoded header, JSON_MAX_DEPTH.
 */
#ifndef POSTERN_TOKEN_TOKEN_H
#define POSTERN_TOKEN_TOKEN_H

#include <stdbool.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "jwks/key.h"

#define TOKEN_MAX_BYTES (16u << 10)
#define TOKEN_MAX_HEADER_BYTES 4096u

struct token {
	struct span input;     /* header.payload as signed; borrowed from the text */
	struct span signature; /* decoded; lent by the arena */
	struct span payload;   /* decoded; lent by the arena */
	json_t *header;        /* owned */
	json_t *claims;        /* owned; NULL after token_read_signed() */
	enum algorithm algorithm;
	const struct key *key; /* verified the signature; NULL before that; borrowed */
	struct span kid;       /* at == NULL: none; lent by header */
	struct span type;      /* `typ`; at == NULL: none */
	struct span issuer;    /* `iss` as claimed; at == NULL after token_read_signed() */
	const char *detail;    /* set with a refusal: what exactly is wrong; static or arena text */
};

/*
 * Parse a token: three canonical base64url parts, a header object without duplicates whose `alg` is
 * supported, no `crit`, no `b64`, a payload object with an `iss` string.
 *
 * text   borrowed: must outlive the token.
 * Returns REASON_OK, or TOKEN_TOO_LARGE, TOKEN_MALFORMED, ALGORITHM_NOT_ALLOWED, CRITICAL_UNKNOWN,
 * CLAIM_MALFORMED; OVERLOADED if the arena is full. Call token_done() in every case.
 */
MUST_CHECK enum reason token_read(struct span text, struct arena *arena, struct token *token);

/* The same without looking into the payload, which may be any bytes and empty: for
 * `verify --signature-only`. */
MUST_CHECK enum reason token_read_signed(
    struct span text, struct arena *arena, struct token *token);

/* Note why a token is refused: sets token->detail (NULL counts as "out of memory"), returns
 * `reason`. */
enum reason token_refuse(struct token *token, enum reason reason, const char *detail);

/* Release what token_read() owns. Accepts a zeroed one. */
void token_done(struct token *token);

#endif

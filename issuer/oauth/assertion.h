/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion - a client that proves who it is with a JWT of its own key (RFC 7523 section 2.2,
 * OpenID Connect Core section 9: private_key_jwt).
 *
 * Uses:   token, jwks, base.
 * Pure:   yes (allocates in the caller's arena): that a JWT counts once is the caller's to hold.
 * Limits: ASSERTION_MAX_S between now and `exp`; a `jti` of 1..ASSERTION_JTI_BYTES.
 */
#ifndef POSTERN_ISSUER_OAUTH_ASSERTION_H
#define POSTERN_ISSUER_OAUTH_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

/* RFC 7523 section 3: an `exp` unreasonably far in the future may be refused. Authlib's default is
 * an hour; most others stay within ten minutes. */
#define ASSERTION_MAX_S 3600
#define ASSERTION_SKEW_S 30
#define ASSERTION_JTI_BYTES 256u

/* The one value of client_assertion_type. */
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* The `alg` values that are taken, as members of a JSON array. */
extern const char assertion_algorithms[];

struct assertion_question {
	struct span text;      /* the JWT */
	struct span client_id; /* who it must be of */
	const char *jwks;      /* that client's registered JWK Set; NULL: it has none */
	struct texts audience; /* the URLs we go by: `aud` must be of these, all of it */
	int64_t now_s;
};

struct assertion {
	struct span jti; /* lent by the arena */
	int64_t until_s; /* refused from then on */
};

/*
 * Who the JWT says it is of: its `sub`, which proves nothing yet. at == NULL: it cannot be read.
 * Lent by the arena.
 */
struct span assertion_subject(struct span text, struct arena *arena);

/*
 * Is it good? `iss` and `sub` are the client's id, `aud` is ours, an asymmetric `alg` that fits a
 * key of the registered set, the signature, `exp` within ASSERTION_MAX_S, `nbf` and `iat` not in
 * the future, a `jti`. ret_why is told to the log alone: a string literal or the arena's.
 */
MUST_CHECK bool assertion_verify(const struct assertion_question *question, struct arena *arena,
    struct assertion *ret_assertion, const char **ret_why);

#endif

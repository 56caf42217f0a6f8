/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion - client authentication by a JWT signed with the client's own key (RFC 7523 section
 * 2.2, OpenID Connect Core section 9: private_key_jwt).
 *
 * Uses:   token, jwks, base.
 * Pure:   yes (allocates in the caller's arena): the caller must ensure that a JWT is used only
 *         once.
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

/* The accepted `alg` values, as members of a JSON array. */
extern const char assertion_algorithms[];

struct assertion_question {
	struct span text;      /* the JWT */
	struct span client_id; /* who it must be of */
	const char *jwks;      /* that client's registered JWK Set; NULL: it has none */
	struct texts audience; /* our URLs: every `aud` must be one of them */
	int64_t now_s;
};

struct assertion {
	struct span jti; /* lent by the arena */
	int64_t until_s; /* refused from then on */
};

/*
 * The `sub` of the JWT, not verified yet. at == NULL: it cannot be read. Lent by the arena.
 */
struct span assertion_subject(struct span text, struct arena *arena);

/*
 * Is it valid? `iss` and `sub` are the client's id, `aud` is ours, an asymmetric `alg` that fits a
 * key of the registered set, the signature, `exp` within ASSERTION_MAX_S, `nbf` and `iat` not in
 * the future, a `jti`. ret_why is only for the log: a string literal or the arena's.
 */
MUST_CHECK bool assertion_verify(const struct assertion_question *question, struct arena *arena,
    struct assertion *ret_assertion, const char **ret_why);

#endif

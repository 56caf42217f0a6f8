/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint - a token of the local issuer (RFC 9068), made with libjwt.
 *
 * Uses:   base, signing, libjwt (nobody else does).
 * Pure:   but for the random `jti`. Any thread.
 *
 * libjwt makes the header and the claims; signing.h signs them. libjwt's own jwt_encode_str() is
 * not used: in Debian 12's 1.10 it overwrites `typ` with "JWT", which RFC 9068 section 2.1
 * forbids, and it parses the key's PEM for every token, which takes twenty times as long as
 * signing.
 */
#ifndef POSTERN_ISSUER_KEYS_MINT_H
#define POSTERN_ISSUER_KEYS_MINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/schema.h"
#include "issuer/keys/signing.h"

/* The contents of the token; all borrowed. */
struct mint {
	const char *issuer, *audience;
	const char
	    *subject; /* `sub`; a client's own id for its own tokens (RFC 9068 section 2.2) */
	const char *client_id;      /* NULL: nobody's but the subject's, which is a user then */
	const char *incarnation;    /* of the client or user; "" or NULL: it has none */
	const char *scope;          /* NULL: no such claim */
	const struct texts *claims; /* NAME=VALUE, of the client's own; NULL: none */
	int64_t now_s;              /* `iat` */
	int64_t lifetime_s;         /* `exp` is so much later */
};

/* Append a token to `token`. */
MUST_CHECK bool mint_token(
    struct signing *signing, const struct mint *mint, struct buffer *token, struct err *reterr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding - a token that is bound to a client certificate counts only beside it (RFC 8705 section
 * 3).
 *
 * Uses:   verify, token, base (base64url, digest, json).
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_BINDING_H
#define POSTERN_TOKEN_BINDING_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "token/token.h"
#include "token/verify.h"

/*
 * `cnf`: absent, or an object whose one member is `x5t#S256`, the digest of inputs->thumbprint.
 * Else BINDING_MISMATCH: a token bound to a key must not be accepted as a bearer token where the
 * binding is not checked (RFC 7800 section 3, RFC 9449 section 7.1).
 */
MUST_CHECK enum reason binding_check(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

#endif

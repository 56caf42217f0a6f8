/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_claim - claims of a client's own, which its tokens carry beside those of RFC 9068.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * A claim is written NAME=VALUE; its value is text. No name is one by which a verifier knows who
 * somebody is or what they may do: those are for the issuer alone to say.
 */
#ifndef POSTERN_ISSUER_MODEL_CLIENT_CLAIM_H
#define POSTERN_ISSUER_MODEL_CLIENT_CLAIM_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/schema.h"
#include "base/span.h"

#define CLIENT_CLAIM_NAME_MAX 128u
#define CLIENT_CLAIM_VALUE_MAX 256u
#define CLIENT_CLAIMS_MAX 16u

/* The two sides of NAME=VALUE. Without a "=" all of it is the name, and the value is empty. */
struct span client_claim_name(struct span claim);
struct span client_claim_value(struct span claim);

/*
 * May a client have these claims? Each has a name of visible ASCII without "=", quotes and
 * backslashes, which is not reserved (RFC 7519 section 4.1, RFC 9068 section 2.2, and what
 * verifiers take for client, scopes, groups and roles; in any case of letters) and is there once;
 * and a value of UTF-8 without control characters. The error says what may not be.
 */
MUST_CHECK bool client_claim_valid(const struct texts *claims, struct err *reterr);

/* Is the name one of those that no client may have? */
bool client_claim_reserved(struct span name);

#endif

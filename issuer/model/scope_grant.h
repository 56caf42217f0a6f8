/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_grant - the scopes that a client requests, and those that its token gets (RFC 6749 section
 * 3.3).
 *
 * Uses:   base, client.
 * Pure:   yes (allocates in the caller's arena).
 */
#ifndef POSTERN_ISSUER_MODEL_SCOPE_GRANT_H
#define POSTERN_ISSUER_MODEL_SCOPE_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"
#include "issuer/model/client.h"

struct scope_request {
	const struct client *client;
	struct span scope;          /* asked for; at == NULL: nothing */
	int64_t default_lifetime_s; /* unless the client has its own */
};

struct scope_grant {
	const char *scope; /* lent by the arena; NULL: none */
	int64_t lifetime_s;
};

/*
 * A client that asks for no scope gets all that it may have; one that asks gets what it asked
 * for, each scope once. False: the scope is malformed, or one of them is not the client's.
 */
MUST_CHECK bool scope_grant_decide(
    const struct scope_request *request, struct arena *arena, struct scope_grant *ret_granted);

/* Is it one scope-token: 1*( %x21 / %x23-5B / %x5D-7E ), at most 128 bytes? */
bool scope_grant_scope_valid(struct span scope);

#endif

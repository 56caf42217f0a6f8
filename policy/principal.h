/* SPDX-License-Identifier: Apache-2.0 */
/*
 * principal - the caller as the policy sees it: identity, scopes and the roles they grant.
 *
 * Uses:   policy, token (claims).
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_PRINCIPAL_H
#define POSTERN_POLICY_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "policy/policy.h"
#include "token/verify.h"

struct principal {
	const char *issuer;  /* trusted issuer's name; NULL: known without a token */
	const char *family;  /* of which the issuer is a tenant; NULL: none */
	struct span subject; /* at == NULL: none */
	struct span client;
	const char *client_name; /* of the local issuer's client, or NULL */
	const char *user;        /* of Basic, or NULL */
	struct spans scopes;
	size_t not_text;       /* ignored entries of the token's lists that are not strings */
	struct spans *matched; /* values of policy->match_claims in the token, by their index; NULL:
				  no token */
	size_t matched_count;
	uint64_t *roles;  /* policy->role_words words; lent by the arena */
	uint64_t *unsure; /* roles that could come from groups that the token does not list
			     (overage); NULL: none. Lent by the arena */
};

/* A client or user as read from the local issuer's store. */
struct principal_store {
	const char *client_name; /* NULL: not a client of the local issuer */
	const char *user;        /* NULL: not a user */
	struct texts roles;      /* granted in the store */
};

/* What is known of the caller. */
struct principal_inputs {
	const struct claims *claims;         /* verified; NULL: no token */
	const struct principal_store *store; /* NULL: not of the local issuer */
	struct span certificate;             /* subject of the verified client certificate, see
						distinguished_name.h; at == NULL: none */
	bool any_group;                      /* as if the caller were in every group */
	struct span peer; /* where the client is: an address, or the word unix; at == NULL: not
			     known */
};

/*
 * The principal of verified claims. A role is held when one line of its `granted_to` holds, or
 * when the store grants it by name. False: no memory.
 */
MUST_CHECK bool principal_of_claims(const struct policy *policy,
    const struct principal_inputs *inputs, struct principal *principal, struct arena *arena);

/* The principal of a local user known by Basic: of inputs->store. False: no memory. */
MUST_CHECK bool principal_of_user(const struct policy *policy,
    const struct principal_inputs *inputs, struct principal *principal, struct arena *arena);

/* The principal of a client certificate alone: its subject is inputs->certificate. False: no
 * memory. */
MUST_CHECK bool principal_of_certificate(const struct policy *policy,
    const struct principal_inputs *inputs, struct principal *principal, struct arena *arena);

/* Does the principal hold the role of that index? */
bool principal_has(const struct principal *principal, size_t role_index);

#endif

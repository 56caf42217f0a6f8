/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin - what an operator does to clients, for the commands. Printing is the command's.
 *
 * Uses:   base, client, store, text, wish.
 * Shell:  the store, the clock and the random generator.
 */
#ifndef POSTERN_ISSUER_ADMIN_H
#define POSTERN_ISSUER_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "issuer/client.h"
#include "issuer/store.h"

enum admin_result {
	ADMIN_OK,
	ADMIN_NO,     /* what was asked for cannot be: reterr says why */
	ADMIN_TROUBLE /* the store failed: reterr says how */
};

/* A client to be; all borrowed. */
struct admin_new {
	const char *name;
	const char *label, *description; /* NULL: none */
	struct texts roles, scopes;
	int64_t token_lifetime_s; /* 0: the issuer's; else 1..86400 */
};

/* A client as made. The caller shows the secret once and wipes it. */
struct admin_made {
	char id[CLIENT_ID_ROOM];
	char secret[CLIENT_SECRET_ROOM];
};

/* Add a client. It is on disk before the secret is given. ret_made is set on ADMIN_OK only. */
MUST_CHECK enum admin_result admin_add(struct store *store, const struct admin_new *new_client,
    struct admin_made *ret_made, struct err *reterr);

/* The client of that name or id; ADMIN_NO: there is none. Lent by the arena. */
MUST_CHECK enum admin_result admin_find(struct store *store, const char *name_or_id,
    struct arena *arena, struct client **ret_client, struct err *reterr);

/* A role to be granted to, or revoked from, a client by name or id. */
struct admin_grant {
	const char *name_or_id;
	const char *role;
	bool granted;
};

/* *ret_changed is false when it was so already, which is no mistake. */
MUST_CHECK enum admin_result admin_set_role(
    struct store *store, const struct admin_grant *grant, bool *ret_changed, struct err *reterr);

#endif

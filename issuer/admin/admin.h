/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin - what an operator does to clients, for the commands. Printing is the command's.
 *
 * Uses:   base, jwks (keyset), client, revocation, store, scope_grant.
 * Shell:  the store, the clock and the random generator.
 */
#ifndef POSTERN_ISSUER_ADMIN_ADMIN_H
#define POSTERN_ISSUER_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/model/client.h"
#include "issuer/store/store.h"

enum admin_result {
	ADMIN_OK,
	ADMIN_NO,     /* what was asked for cannot be: reterr says why */
	ADMIN_TROUBLE /* the store failed: reterr says how */
};

/* The settings of a client. All borrowed; NULL or false: not given. */
struct admin_fields {
	const char *label, *description, *owner, *contact;
	const char *jwks; /* the JWK Set's text */
	struct texts scopes;
	struct texts claims;      /* NAME=VALUE, see client_claim.h */
	int64_t token_lifetime_s; /* 1..86400; 0: the issuer's */
	int method;               /* enum client_method */
	bool has_scopes, has_claims, has_lifetime, has_method;
};

/* A client to be; all borrowed. */
struct admin_new {
	const char *name;
	struct texts roles;
	struct admin_fields fields;
	int64_t expires_s; /* how long its secret counts, 1 s to CLIENT_EXPIRY_MAX_S; 0: no end */
};

/* Which secret. */
enum admin_slot { ADMIN_SLOT_OLDEST, ADMIN_SLOT_1, ADMIN_SLOT_2, ADMIN_SLOT_BOTH };

/* A client or a secret as made. The caller shows the secret once and wipes it. */
struct admin_made {
	char id[CLIENT_ID_ROOM];
	char secret[CLIENT_SECRET_ROOM]; /* "": the client has none, it signs */
	int slot;                        /* 1 or 2 */
	int64_t until_s;                 /* it counts until then; 0: no end */
};

/* Add a client. It is on disk before the secret is given. ret_made is set on ADMIN_OK only. A
 * client that authenticates by private_key_jwt gets no secret. */
MUST_CHECK enum admin_result admin_add(struct store *store, const struct admin_new *new_client,
    struct admin_made *ret_made, struct err *reterr);

/* The client of that name or id; ADMIN_NO: there is none, and the error names the one that may have
 * been meant. Lent by the arena. */
MUST_CHECK enum admin_result admin_find(struct store *store, const struct store_wanted *wanted,
    struct client **ret_client, struct err *reterr);

/* A role to be granted to, or revoked from, a client by name or id. */
struct admin_grant {
	const char *name_or_id;
	const char *role;
	bool granted;
};

/* *ret_changed is false when nothing had to change, which is not an error. */
MUST_CHECK enum admin_result admin_set_role(
    struct store *store, const struct admin_grant *grant, bool *ret_changed, struct err *reterr);

/* Change what is given in `fields`; the rest stays. */
MUST_CHECK enum admin_result admin_change(struct store *store, const char *name_or_id,
    const struct admin_fields *fields, struct err *reterr);

/* A new name; the id, the secrets and the tokens stay. */
MUST_CHECK enum admin_result admin_rename(
    struct store *store, const char *name_or_id, const char *new_name, struct err *reterr);

/* *ret_changed is false when it was so already. */
struct admin_switch {
	const char *name_or_id;
	bool disabled;
};
MUST_CHECK enum admin_result admin_set_disabled(
    struct store *store, const struct admin_switch *to, bool *ret_changed, struct err *reterr);

/* Delete it with its secrets and roles. */
MUST_CHECK enum admin_result admin_delete(
    struct store *store, const char *name_or_id, struct err *reterr);

/* A new secret in a slot that is empty or whose secret has expired, else in that of the older
 * secret. The other one stays valid, unless it is to be revoked. */
struct admin_rotation {
	const char *name_or_id;
	bool revoke_other;
	int64_t expires_s; /* as in struct admin_new */
};
MUST_CHECK enum admin_result admin_rotate(struct store *store,
    const struct admin_rotation *rotation, struct admin_made *ret_made, struct err *reterr);

/* Revoke secrets. ADMIN_NO: there is none in that slot. *ret_revoked: 1, 2, or 3 for both. */
struct admin_unsecret {
	const char *name_or_id;
	enum admin_slot slot;
};
MUST_CHECK enum admin_result admin_revoke_secret(
    struct store *store, const struct admin_unsecret *which, int *ret_revoked, struct err *reterr);

/* End all tokens that were issued to the client until now. issuer: the `iss` of its tokens. */
MUST_CHECK enum admin_result admin_end_tokens(
    struct store *store, const char *issuer, const char *name_or_id, struct err *reterr);

/*
 * Add the clients of an export ({"clients": […]}, see the manual): with their ids, roles, and the
 * hashes of their secrets, or secrets of at least 22 characters, which are hashed. Everything is
 * checked before the first one is added; a name or id that is taken is ADMIN_NO.
 */
MUST_CHECK enum admin_result admin_import(
    struct store *store, struct span json, size_t *ret_count, struct err *reterr);

/* --- for the files of this noun --- */

/* May the client be so? The error says what may not. */
MUST_CHECK bool admin_fields_valid(const struct admin_fields *fields, struct err *reterr);

/* Does a client of that method have the public keys that it needs? */
MUST_CHECK bool admin_keys_fit(int method, const char *jwks, struct err *reterr);

/* The error of keys for a client of a method that uses none. Always returns false. */
bool admin_keys_unused(int method, struct err *reterr);

/* Until when does a secret count that is made at `now_s` for `expires_s`? The error says that it
 * cannot be so long. */
MUST_CHECK bool admin_secret_until(
    int64_t expires_s, int64_t now_s, int64_t *ret_until_s, struct err *reterr);

/* May this be a client's name? */
MUST_CHECK bool admin_name_valid(const char *name, struct err *reterr);

/* ADMIN_NO, whatever err_set() gave. */
enum admin_result admin_no(bool ignored);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer - the local issuer, running: its store, its clients in memory, its signing key.
 *
 * Uses:   local, store, client, signing, mint, directory, store_sync, jwks.
 * Shell:  the database, key files under `state`, one thread that watches the store for changes
 *         made by other processes (`postern client …`).
 * Threads: any, but for starting and stopping it.
 */
#ifndef POSTERN_ISSUER_LOCAL_ISSUER_H
#define POSTERN_ISSUER_LOCAL_ISSUER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "issuer/model/client.h"
#include "issuer/model/client_expiry.h"
#include "issuer/oauth/endpoint.h"
#include "issuer/oauth/issuer_parts.h"
#include "issuer/local/local.h"
#include "issuer/accounts/login.h"
#include "issuer/accounts/memory.h"
#include "issuer/model/revocation.h"
#include "issuer/accounts/revoked.h"
#include "issuer/model/user.h"
#include "issuer/accounts/directory.h"
#include "issuer/accounts/store_sync.h"
#include "jwks/keyset.h"

struct issuer;

struct issuer_setup {
	const struct local *local; /* borrowed, copied */
	const char *state_dir;
	struct memory *memory;          /* that outlives it, one more owner; NULL: of its own */
	void (*changed)(void *context); /* after any of its parts was replaced; on any thread, and
					 * before the change is acknowledged */
	void *context;
};

/* Open the store, make the signing key if there is none (ES256, mode 0600 under `state`), load
 * the clients. A key file that others can read is refused. */
MUST_CHECK bool issuer_start(
    const struct issuer_setup *setup, struct issuer **ret_issuer, struct err *reterr);

/* Would issuer_start() make the same one again? */
bool issuer_same(const struct issuer *issuer, const struct issuer_setup *setup);

/* Add an owner. Returns its argument. */
struct issuer *issuer_ref(struct issuer *issuer);

/* Remove an owner; the last one ends the threads. Earlier requests are still answered. Each owner
 * calls issuer_unref() afterwards, when its requests have ended. */
void issuer_halt(struct issuer *issuer);
void issuer_unref(struct issuer *issuer); /* the last one frees it; accepts NULL */

/* Both at once. Accepts NULL. */
void issuer_stop(struct issuer *issuer);

/* Its public keys as a keyset of the caller's. */
MUST_CHECK bool issuer_keys(struct issuer *issuer, struct keyset **ret_keys, struct err *reterr);

/* The current parts, which include every acknowledged change. issuer_parts_drop() them, once;
 * dropped ones are NULL. */
void issuer_parts_take(struct issuer *issuer, struct issuer_parts *ret_parts);

/* Set whether it is on standby (`accept: fallback`): then it issues no tokens. */
void issuer_stand_by(struct issuer *issuer, bool stands_by);
bool issuer_stands_by(const struct issuer *issuer);

/* Call after a right password: if its hash has weaker parameters than this build's, rehash it and
 * store the result. Failures are logged, and the next login tries again. */
void issuer_rehash(struct issuer *issuer, const struct login_attempt *attempt);

/* Revoke; in force in this gate when it returns. *ret_new is false when it was revoked already.
 * Waits for the database. */
MUST_CHECK bool issuer_revoke(
    struct issuer *issuer, const struct revocation *revocation, bool *ret_new, struct err *reterr);

/* For how many seconds the database could not be read; 0: it can. ret_why  NULL, or set to the
 * reason. */
int64_t issuer_database_away_s(const struct issuer *issuer, struct err *ret_why);

/* The cache of right passwords, and the lock-outs. Lent as long as the issuer. */
struct login *issuer_login(const struct issuer *issuer);

/* Counts up whenever clients, users, revocations or signing keys change. */
uint64_t issuer_generation(const struct issuer *issuer);

/* Is this path one of the local issuer's endpoints, which answer wrong methods with 405, or one of
 * them but for a slash at its end or upper and lower case? The latter is answered 404 with the path
 * that was meant, and credentials on it are not looked at. */
bool issuer_serves(const struct issuer *issuer, struct span path);

/* See endpoints_at_once(). */
MUST_CHECK bool issuer_at_once(struct issuer *issuer, const struct endpoint_request *request);

/*
 * Answer. POST /oauth/token (RFC 6749 sections 4.4, 5.1, 5.2; RFC 9068 tokens),
 * POST /oauth/revoke (RFC 7009), POST /oauth/introspect (RFC 7662),
 * GET /oauth/authorize (an error, always), GET /.well-known/jwks.json (RFC 7517),
 * /.well-known/oauth-authorization-server (RFC 8414),
 * /.well-known/openid-configuration. Buffers are to be released by endpoint_answer_done().
 */
void issuer_answer(struct issuer *issuer, const struct endpoint_request *request, int64_t now_s,
    struct endpoint_answer *answer);

/* Log the warnings about ends of clients' secrets that are due and were not at the last call; at
 * the first one, all that ever were. Cheap while there is nothing to warn of. Always on one thread.
 */
void issuer_warn_expiry(struct issuer *issuer, int64_t now_s);

/* How many secrets of its clients end soon or have expired. */
struct client_expiry_count issuer_count_expiry(struct issuer *issuer, int64_t now_s);

/* Every `aud` that its tokens may have, lent as long as the issuer. */
const struct texts *issuer_audiences(const struct issuer *issuer);

/* The token of a client, or of a user: `postern token`. */
struct issuer_wanted {
	const struct client *client;
	const struct user *user;
	const char *scope;    /* of a client; NULL: none is asked for */
	const char *audience; /* NULL: that of the configuration */
};

/* Mint a token for a client, as the token endpoint would. `token` grows by it. */
MUST_CHECK bool issuer_mint(struct issuer *issuer, const struct issuer_wanted *wanted,
    struct buffer *token, struct err *reterr);

/* The same for a user, whose name is its `sub`; without scopes. */
MUST_CHECK bool issuer_mint_user(struct issuer *issuer, const struct issuer_wanted *wanted,
    struct buffer *token, struct err *reterr);

#endif

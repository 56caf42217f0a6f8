/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorization_server - the running local issuer as its endpoints see it (RFC 6749 section 1.1).
 *
 * Uses:   endpoint, issuer_parts, memory, signing, shared_keys, last_used, store_sync.
 * Threads: requests on many; the parts are replaced by whoever runs the issuer.
 */
#ifndef POSTERN_ISSUER_OAUTH_AUTHORIZATION_SERVER_H
#define POSTERN_ISSUER_OAUTH_AUTHORIZATION_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/schema.h"
#include "issuer/oauth/endpoint.h"
#include "issuer/oauth/issuer_parts.h"
#include "issuer/accounts/lockout.h"
#include "issuer/accounts/memory.h"
#include "issuer/keys/shared_keys.h"
#include "issuer/keys/signing.h"
#include "issuer/accounts/last_used.h"
#include "issuer/accounts/store_sync.h"

struct authorization_server {
	struct arena arena; /* of what follows, up to `documents` */
	/* As configured; set before authorization_server_ready(). */
	const char *issuer;     /* `iss` */
	const char *audience;   /* the default `aud` */
	struct texts audiences; /* every `aud` of its tokens, that one first */
	const char *introspection_role;
	int64_t token_lifetime_s;
	struct lockout_rules lockout;

	const char *base; /* the issuer's URL without a slash at its end */
	struct endpoint_paths paths;
	struct buffer documents[ENDPOINT_COUNT]; /* the documents for GET; none for POST
						  * endpoints */
	struct texts urls;                       /* allowed `aud` values of a client's assertion */
	struct last_used *last_used;             /* secrets, lately */
	struct memory *memory;                   /* one owner of it */
	struct signing *signing;
	struct store_sync *sync;
	atomic_bool stands_by;
	pthread_mutex_t parts_lock; /* of the next two; nothing is waited for within */
	struct shared_keys *shared; /* of other gates; NULL: none */
	struct issuer_parts parts;
};

/* Ready its lock and its memory for what is configured; authorization_server_done() it. */
void authorization_server_init(struct authorization_server *server);

/* Make paths, documents and what the endpoints share, once the configured texts are there. */
MUST_CHECK bool authorization_server_ready(struct authorization_server *server, struct err *reterr);

/* Free what it holds, except `signing` and the store sync. */
void authorization_server_done(struct authorization_server *server);

/* The current parts, which include every acknowledged change. given: issuer_parts_drop() them. */
void authorization_server_parts(
    struct authorization_server *server, struct issuer_parts *ret_parts);

/* Make paths and documents (RFC 8414, OpenID Connect Discovery). */
MUST_CHECK bool metadata_make(struct authorization_server *server, struct err *reterr);

/* Append the JWK Set of this gate's keys and those that other gates published (RFC 7517 section 5),
 * the one that signs first. */
void metadata_jwks(struct authorization_server *server, struct buffer *json);

/* Answer with one of the documents. */
void metadata_answer(
    struct authorization_server *server, enum endpoint endpoint, struct endpoint_answer *answer);

#endif

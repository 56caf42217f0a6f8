/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint - the running issuer as its endpoints see it. For the files of this folder only.
 *
 * Uses:   issuer, signing, view.
 */
#ifndef POSTERN_ISSUER_ENDPOINT_H
#define POSTERN_ISSUER_ENDPOINT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/steady.h"
#include "issuer/issuer.h"
#include "issuer/key_publisher.h"
#include "issuer/lockout.h"
#include "issuer/revoked.h"
#include "issuer/rotation.h"
#include "issuer/shared_keys.h"
#include "issuer/signing.h"
#include "issuer/view.h"
#include "issuer/watch.h"

enum endpoint {
	ENDPOINT_TOKEN,
	ENDPOINT_REVOKE,
	ENDPOINT_INTROSPECT,
	ENDPOINT_AUTHORIZE,
	ENDPOINT_JWKS,
	ENDPOINT_OAUTH,
	ENDPOINT_OPENID,
	ENDPOINT_COUNT
};

struct issuer {
	struct arena arena; /* of what follows, up to `documents` */
	struct local local;
	const char *state_dir;
	const char *base; /* the issuer's URL without a slash at its end */
	/* Paths on the listener. RFC 8414 section 3.1 puts its own in front of the issuer's path,
	 * OpenID Connect Discovery behind it. */
	const char *paths[ENDPOINT_COUNT];
	struct buffer documents[ENDPOINT_COUNT]; /* what a GET gives; none for those of POST */
	struct texts audiences; /* every `aud` of its tokens; the first is given unasked */
	struct texts urls;      /* what a client's assertion may name as its `aud` */
	struct used *used;      /* secrets, lately */
	struct bookkeeper *bookkeeper;
	struct memory *memory;
	struct login *login;
	struct signing *signing;
	struct rotation *rotation;
	char gate_id[KEY_PUBLISHER_ID_ROOM];
	struct key_publisher *publisher;
	pthread_mutex_t keys_lock;  /* held while public keys are put together anew */
	pthread_mutex_t parts_lock; /* of the next two; nothing is waited for within */
	struct shared_keys *shared; /* of other gates; NULL: none */
	struct issuer_parts parts;
	atomic_bool stands_by;
	struct watch *watch;
	struct steady steady; /* of revoke_take() */
	_Atomic uint64_t generation;
	_Atomic unsigned owners;     /* who run it */
	_Atomic unsigned references; /* who hold its memory */
	void (*changed)(void *context);
	void *context;
};

/* A part was replaced: count it, and tell whoever wants to know. */
void issuer_changed(struct issuer *issuer);

/* Make paths and documents from `local` and `signing`. */
MUST_CHECK bool metadata_make(struct issuer *issuer, struct err *reterr);

/* Answer a request for one of the documents. */
void metadata_answer(struct issuer *issuer, enum endpoint endpoint,
    const struct issuer_request *request, struct issuer_answer *answer);

/* Answer a request to the token (RFC 6749), revocation (RFC 7009) or introspection (RFC 7662)
 * endpoint. */
void token_endpoint_answer(struct issuer *issuer, const struct issuer_request *request,
    int64_t now_s, struct issuer_answer *answer);
void revoke_endpoint_answer(struct issuer *issuer, const struct issuer_request *request,
    int64_t now_s, struct issuer_answer *answer);
void introspect_endpoint_answer(struct issuer *issuer, const struct issuer_request *request,
    int64_t now_s, struct issuer_answer *answer);

/* Answer a request to the authorization endpoint (RFC 6749 section 3.1): an error document, never a
 * redirect, since no client has a redirection URI here (section 4.1.2.1). */
void authorize_endpoint_answer(const struct issuer_request *request, struct issuer_answer *answer);

/* Take the public keys for the judge anew, after they changed; the second one logs what failed. */
MUST_CHECK bool issuer_keys_take(struct issuer *issuer, struct err *reterr);
void issuer_keys_changed(struct issuer *issuer);

/* Take over the keys that other gates published. A `keys` of watch_start(); context: the issuer. */
void issuer_keys_shared(void *context, const struct store_key *first);

/* Begin to publish our own for them. */
MUST_CHECK bool issuer_keys_publish(struct issuer *issuer, struct err *reterr);

/* Append the JWK Set of this gate's keys and those that other gates published (RFC 7517 section 5),
 * the one that signs first. */
void issuer_jwks(struct issuer *issuer, struct buffer *json);

/* Take over what was revoked. A `revoked` of watch_start(); context: the issuer. */
MUST_CHECK bool revoke_take(void *context, const struct revocation *first, struct err *reterr);

/* Ready what the endpoints share, after metadata_make(). */
MUST_CHECK bool oauth_prepare(struct issuer *issuer, struct err *reterr);
void oauth_release(struct issuer *issuer);

/* The endpoint at a canonical path; ENDPOINT_COUNT: none. */
enum endpoint endpoint_find(const struct issuer *issuer, struct span path);

/* The same, and one that the path misses only by a slash at its end or by upper and lower case. */
enum endpoint endpoint_meant(const struct issuer *issuer, struct span path);

/* Answer a request whose path misses an endpoint so: 404 and the path that was meant. Whoever sends
 * a client's secret there means the endpoint; to judge it as a user's password would lock out the
 * client. */
void endpoint_missed(const struct issuer *issuer, const struct issuer_request *request,
    struct issuer_answer *answer);

/* Answer 500 if the answer found no memory. */
void endpoint_answer_failed(struct issuer_answer *answer);

/* Answer 405 (RFC 9110 section 15.5.6). */
void endpoint_wrong_method(const char *allow, struct issuer_answer *answer);

#endif

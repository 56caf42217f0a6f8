/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client - a client of the local issuer and its secrets (RFC 6749 section 2).
 *
 * Uses:   base.
 * Pure:   but for client_new_secret() and client_new_id(), which draw random bytes.
 *
 * Secrets that we make hold 256 random bits, so they are stored as salted fast hashes: they cannot
 * be guessed, and checking one takes microseconds. "sha256$SALT$HASH" is HMAC-SHA-256 of the secret
 * under the 16 bytes of SALT, both written in base64url.
 */
#ifndef POSTERN_ISSUER_MODEL_CLIENT_H
#define POSTERN_ISSUER_MODEL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

#define CLIENT_SLOTS 2
#define CLIENT_ID_ROOM 32     /* 22 base64url characters (128 bits) and a NUL */
#define CLIENT_SECRET_ROOM 48 /* 43 base64url characters (256 bits) and a NUL */
#define CLIENT_HASH_ROOM 128  /* "sha256$SALT$HASH" and a NUL */

struct client_slot {
	char hash[CLIENT_HASH_ROOM]; /* "" when the slot is empty */
	int64_t issued_s;
	int64_t used_s;  /* last use, to the minute; 0: never, or before that was kept */
	int64_t until_s; /* it counts until then; 0: until it is revoked */
};

/* How it authenticates (RFC 7591 section 2). */
enum client_method {
	CLIENT_SECRET_ANY, /* by Basic or in the form, as it likes: the default */
	CLIENT_SECRET_BASIC,
	CLIENT_SECRET_POST,
	CLIENT_PRIVATE_KEY_JWT,
	CLIENT_TLS
};

/* All texts are lent by an arena. */
struct client {
	const char *id;          /* client_id */
	const char *name;        /* unique */
	const char *incarnation; /* see incarnation.h; set by the store */
	const char *label, *description;
	const char *owner, *contact; /* for people */
	struct client_slot slots[CLIENT_SLOTS];
	struct texts roles;
	struct texts scopes; /* that it may ask for */
	struct texts claims; /* NAME=VALUE, in its tokens; see client_claim.h */
	int method;          /* enum client_method */
	const char *jwks;    /* JSON text of a JWK Set (RFC 7517), for private_key_jwt; or NULL */
	bool disabled;
	int64_t token_lifetime_s; /* 0: the issuer's */
	int64_t created_s;
	struct client *next;
};

/* A new client_id of 128 random bits. It never begins with "-", which would make an option of it on
 * a command line. False: the random generator failed. */
MUST_CHECK bool client_new_id(char id[CLIENT_ID_ROOM]);

/* A new secret of 256 random bits and its hash. The caller shows the secret once and wipes it. */
MUST_CHECK bool client_new_secret(char secret[CLIENT_SECRET_ROOM], char hash[CLIENT_HASH_ROOM]);

/* Does it have the form of client_new_secret(): 43 characters of base64url? Then it is one of 2^256
 * and cannot be guessed. */
bool client_secret_ours(struct span secret);

/* Hash a secret with a new salt. */
MUST_CHECK bool client_hash(struct span secret, char hash[CLIENT_HASH_ROOM]);

/* No slot: the secret is none of the client's, or one that has expired. */
#define CLIENT_SECRET_WRONG (-1)
#define CLIENT_SECRET_EXPIRED (-2)

/* Which of the client's slots holds `secret`, and it counts at `now_s` (Unix seconds): its index,
 * or one of the two above. The same work whether the client is NULL (unknown), has one slot or two,
 * and whatever the secret is. */
int client_secret_slot(const struct client *client, struct span secret, int64_t now_s);

/* Is there a secret in the slot that counted once, but no longer at `now_s`? */
bool client_slot_expired(const struct client_slot *slot, int64_t now_s);

/* Is it a hash as client_hash() makes them? */
bool client_hash_valid(struct span hash);

/* "client_secret", "client_secret_basic", "client_secret_post", "private_key_jwt",
 * "tls_client_auth", and back. False: it is none of those that can be used. */
const char *client_method_word(int method);
MUST_CHECK bool client_method_find(struct span word, int *ret_method);

/* The word of those that can be used that was probably meant, for a hint; NULL: none is near. */
const char *client_method_nearest(struct span typed);

/* May this be a client's name? 1..128 bytes of UTF-8, no control characters, no colon, no space
 * at either end. */
bool client_name_valid(struct span name);

/* May this be a role's name? As for a client, but a colon is allowed. */
bool client_role_valid(struct span role);

/* Are both equal in every field? */
bool client_same(const struct client *a, const struct client *b);

#endif

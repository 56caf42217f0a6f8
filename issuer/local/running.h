/* SPDX-License-Identifier: Apache-2.0 */
/*
 * running - the inside of a running issuer. For the files of this folder only.
 *
 * Uses:   authorization_server, issuer, rotation, key_publisher.
 */
#ifndef POSTERN_ISSUER_LOCAL_RUNNING_H
#define POSTERN_ISSUER_LOCAL_RUNNING_H

#include "base/steady.h"
#include "issuer/oauth/authorization_server.h"
#include "issuer/local/issuer.h"
#include "issuer/local/key_publisher.h"
#include "issuer/keys/rotation.h"

struct issuer {
	struct authorization_server server;
	struct local local;
	const char *state_dir;
	struct last_used_writer *writer;
	struct login *login;
	struct rotation *rotation;
	char gate_id[KEY_PUBLISHER_ID_ROOM];
	struct key_publisher *publisher;
	pthread_mutex_t keys_lock; /* held while public keys are put together anew */
	struct steady steady;      /* of issuer_revoked_take() */
	_Atomic bool expiry_stale; /* there are other clients since issuer_warn_expiry() */
	int64_t expiry_seen_s, expiry_next_s; /* when it looked last, and is to look again */
	_Atomic uint64_t generation;
	_Atomic unsigned owners;     /* who run it */
	_Atomic unsigned references; /* who hold its memory */
	void (*changed)(void *context);
	void *context;
};

/* A part was replaced: count it, and call the `changed` callback. */
void issuer_changed(struct issuer *issuer);

/* Take the public keys for the judge anew, after they changed; the second one logs what failed. */
MUST_CHECK bool issuer_keys_take(struct issuer *issuer, struct err *reterr);
void issuer_keys_changed(struct issuer *issuer);

/* Take over the keys that other gates published. A `keys` of store_sync_start(); context: the
 * issuer. */
void issuer_keys_shared(void *context, const struct store_key *first);

/* Begin to publish our own for them. */
MUST_CHECK bool issuer_keys_publish(struct issuer *issuer, struct err *reterr);

/* taken: the directory. A `loaded` of store_sync_start(); context: the issuer. */
void issuer_directory_take(void *context, struct directory *directory);

/* Take over what was revoked. A `revoked` of store_sync_start(); context: the issuer. */
MUST_CHECK bool issuer_revoked_take(
    void *context, const struct revocation *first, struct err *reterr);

#endif

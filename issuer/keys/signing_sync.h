/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_sync - one pass over the keys of the local issuer: read them, do what is requested and
 * what is due. For signing.c; local_files.c reads a given key by it.
 *
 * Uses:   base, signing_key, signing_plan, signing_set.
 * Shell:  files. The directory is locked by the caller.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_SYNC_H
#define POSTERN_ISSUER_KEYS_SIGNING_SYNC_H

#include "issuer/keys/signing_set.h"

/* Gates that share `state` may differ so far. */
#define SIGNING_CLOCKS_DIFFER_S 300

/* Where the keys are, and their settings; all borrowed. */
struct signing_place {
	const char *directory, *key_file; /* key_file: NULL when none is given */
	enum signing_algorithm algorithm;
	struct signing_settings settings;
};

/* What is requested in addition to what is due. */
struct signing_request {
	int64_t now_s;
	bool strict; /* the first look */
	bool hold;   /* the clock was set lately: nothing is due */
	bool rotate;
	int64_t signs_s;    /* of the new key */
	const char *retire; /* a kid; NULL: none */
	char *made;         /* the kid of the key that `rotate` made; given */
};

/* Read place->key_file: a private key for place->algorithm that only its owner can read.
 * given: signing_key_free() it. */
MUST_CHECK bool signing_sync_given(
    const struct signing_place *place, struct signing_key **ret_key, struct err *reterr);

/*
 * Do one pass. *ret_set is given when there is a key that signs; then false means that some of what
 * was due could not be done.
 */
MUST_CHECK bool signing_sync(const struct signing_place *place, struct signing_request *request,
    struct signing_set **ret_set, struct err *reterr);

#endif

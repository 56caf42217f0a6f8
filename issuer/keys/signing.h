/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing - the private keys with which the local issuer signs, as they are now.
 *
 * Uses:   base, signing_key, signing_plan, signing_set.
 * Shell:  STATE/signing/, and the key file of the configuration.
 * Threads: any. Reading never waits for the disk. Changes take a lock of their own and lock the
 *          directory, so that gates and commands do not interfere.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_H
#define POSTERN_ISSUER_KEYS_SIGNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "issuer/keys/signing_key.h"
#include "issuer/keys/signing_set.h"

struct signing;

/* All borrowed, copied. */
struct signing_setup {
	const char *state_dir;
	const char *key_file; /* the key that signs, in PEM; NULL: those under `state` */
	enum signing_algorithm algorithm;
	int64_t rotate_after_s; /* 0: never by itself */
	int64_t publish_ahead_s;
};

/*
 * Read every key under `state_dir`/signing; make one when none can sign. Two gates that start
 * together make one key, not two. It is an error if a file there can be read by group or others, is
 * not a key, does not have its thumbprint as its name, or has a key of the wrong type for its
 * algorithm.
 *
 * ret_signing  given: signing_close() it.
 */
MUST_CHECK bool signing_open(
    const struct signing_setup *setup, struct signing **ret_signing, struct err *reterr);

/* Keys are wiped. Accepts NULL. */
void signing_close(struct signing *signing);

/* Set the longest lifetime of tokens from now on, in seconds, with the skew. It only increases. */
void signing_keep(struct signing *signing, int64_t keep_s);

/* The longest lifetime set so far. */
int64_t signing_longest_s(const struct signing *signing);

/* Set whether the clock is in doubt because it was set recently. While it is, signing_tend() makes
 * a key only if none can sign, and drops none. */
void signing_hold(struct signing *signing, bool hold);

/*
 * Read what changed on disk, make the next key when it is due, drop those whose last token has
 * expired. A key that is dated in the future, made while the clock was ahead, counts as made now,
 * which is logged. *ret_changed: another set of keys, or another one signs. False: some of it went
 * wrong; what could be done is done, and the last known keys stay where none can be read.
 */
MUST_CHECK bool signing_tend(
    struct signing *signing, int64_t now_s, bool *ret_changed, struct err *reterr);

/* A number that changes when the directory or the configured key file changes. */
uint64_t signing_files(const struct signing *signing);

/* When signing_tend() has something to do even if no file changes. */
int64_t signing_next_s(const struct signing *signing);

/* Make the next key: published now, signing after `publish_ahead`, or now if `at_once`. An error
 * when one waits already. ret_kid: given, free() it. */
MUST_CHECK bool signing_rotate(
    struct signing *signing, int64_t now_s, char **ret_kid, struct err *reterr);

/* The same, but the new key signs from now on. */
MUST_CHECK bool signing_rotate_at_once(
    struct signing *signing, int64_t now_s, char **ret_kid, struct err *reterr);

/* Stop trusting this key now; if it is the one that signs, another one takes over or is made. */
MUST_CHECK bool signing_retire(
    struct signing *signing, const char *kid, int64_t now_s, struct err *reterr);

/* Does the key that signs now need microseconds for it, as on a curve, not a millisecond as RSA? */
bool signing_is_quick(struct signing *signing);

/* The keys now. given: signing_set_free() drops the reference. */
MUST_CHECK struct signing_set *signing_now(struct signing *signing);

/* When a key of the set ceases to be published; INT64_MAX while none follows it. */
int64_t signing_end_s(const struct signing *signing, const struct signing_set *set, size_t index);

/* Append the JWK Set of all public keys (RFC 7517 section 5), the one that signs first. */
void signing_jwks(const struct signing_set *set, struct buffer *json);

/* The directory of the keys, lent. */
const char *signing_directory(const struct signing *signing);

#endif

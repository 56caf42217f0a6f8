/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_set - the keys under STATE/signing/ as they were read at one moment.
 *
 * Uses:   base, signing_key, signing_plan.
 * Shell:  the files of that directory. Several processes at once are safe: who changes it holds
 *         its lock, and every file is old or new as a whole.
 *
 * A key is KID.pem (PKCS #8, mode 0600; KID.pub instead when its private key is given by the
 * configuration) with KID.json beside it: algorithm and times. KID is the RFC 7638 thumbprint.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_SET_H
#define POSTERN_ISSUER_KEYS_SIGNING_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "issuer/keys/signing_key.h"
#include "issuer/keys/signing_plan.h"

struct signing_set {
	atomic_uint references;
	struct signing_key *keys[SIGNING_MAX_KEYS];
	struct signing_times times[SIGNING_MAX_KEYS]; /* `fits` is the caller's to set */
	size_t count;
	size_t current; /* the caller's to set; SIZE_MAX: none */
	size_t redated; /* keys that were dated in the future */
	size_t skipped; /* files that are not valid keys, when not reading strictly */
	struct err why; /* of the first of them */
};

/* Make `state_dir`/signing when it is not there, and lock it. ret_directory is given (free() it),
 * ret_fd is to be closed to let go. */
MUST_CHECK bool signing_set_lock(
    const char *state_dir, char **ret_directory, int *ret_fd, struct err *reterr);

/* Read all of them. A file that group or others can read, that is not a key, or whose name is not
 * its thumbprint is an error when reading strictly; otherwise it is skipped. given: one reference,
 * signing_set_free() drops it. */
MUST_CHECK bool signing_set_read(
    const char *directory, bool strict, struct signing_set **ret_set, struct err *reterr);

/* One more key. taken: `key`, also on failure. Not written. */
MUST_CHECK bool signing_set_add(struct signing_set *set, struct signing_key *key,
    const struct signing_times *times, struct err *reterr);

/* Write keys[index] and its times; the times alone when the key is there already. */
MUST_CHECK bool signing_set_write(
    const char *directory, const struct signing_set *set, size_t index, struct err *reterr);

/* Remove the files of keys[index], and the key from the set. */
MUST_CHECK bool signing_set_remove(
    const char *directory, struct signing_set *set, size_t index, struct err *reterr);

/* The index of a kid; SIZE_MAX: not found. */
size_t signing_set_find(const struct signing_set *set, const char *kid);

/* One more holder. Returns its argument. */
struct signing_set *signing_set_ref(struct signing_set *set);

/* One holder less; the last one frees it. Accepts NULL. */
void signing_set_free(struct signing_set *set);

#endif

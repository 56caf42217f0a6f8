/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys_on_disk - the last good key set of an issuer on disk, for a start while the issuer is down.
 *
 * Uses:   base, source, keyset.
 * Shell:  files under STATE/keys, mode 0600.
 */
#ifndef POSTERN_JWKS_KEYS_ON_DISK_H
#define POSTERN_JWKS_KEYS_ON_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "jwks/source.h"

/* Which issuer's keys, and the directory that stores them. */
struct keys_on_disk {
	const char *state_dir;
	const struct source *source;
};

/* Write the document that was fetched at `good_s`, so that a crash leaves the old or the new. */
MUST_CHECK bool keys_on_disk_write(
    const struct keys_on_disk *keys, struct span json, int64_t good_s, struct err *reterr);

/*
 * Read it back. False with an empty reterr if there is none. False with an error if it is damaged,
 * or if it is from another issuer or URL.
 */
MUST_CHECK bool keys_on_disk_read(
    const struct keys_on_disk *keys, struct buffer *json, int64_t *ret_good_s, struct err *reterr);

#endif

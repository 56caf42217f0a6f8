/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest - SHA-256, random bytes, comparison in constant time, wiping.
 *
 * Uses:   span, OpenSSL libcrypto.
 */
#ifndef POSTERN_BASE_DIGEST_H
#define POSTERN_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/span.h"

#define DIGEST_BYTES 32

/* SHA-256 (FIPS 180-4). False only if OpenSSL fails. */
MUST_CHECK bool digest_sha256(struct span bytes, unsigned char out[DIGEST_BYTES]);

/* HMAC-SHA-256 (RFC 2104). False only if OpenSSL fails. */
MUST_CHECK bool digest_hmac(struct span key, struct span bytes, unsigned char out[DIGEST_BYTES]);

/* Bytes of the system's random generator. False: it failed, nothing may be used. */
MUST_CHECK bool digest_random(void *out, size_t size_bytes);

/* Equal? The time does not depend on the bytes; the lengths are not secret. */
bool digest_same(struct span a, struct span b);

/* Overwrite memory; the compiler cannot optimise this away. */
void digest_wipe(void *at, size_t size_bytes);

#endif

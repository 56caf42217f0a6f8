/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password - hashes of passwords that people choose: scrypt (RFC 7914).
 *
 * Uses:   base, OpenSSL libcrypto.
 * Pure:   but for the salt that password_hash() draws. Any thread, also one with a small stack:
 *         the memory of scrypt is on the heap, PASSWORD_BYTES of it for each call under way.
 *         login.h limits how many there are at a time.
 *
 * "$scrypt$ln=15,r=8,p=3$SALT$HASH" carries its own parameters (ln is log2 of N), both texts in
 * base64 without padding: what Python's passlib writes and reads.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_PASSWORD_H
#define POSTERN_ISSUER_ACCOUNTS_PASSWORD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"

#define PASSWORD_HASH_ROOM 192     /* a hash and its NUL */
#define PASSWORD_MAX 1024          /* bytes of a password; more is nobody's */
#define PASSWORD_BYTES (32u << 20) /* that one hashing takes while it lasts */

/* Hash a password with a new salt and the parameters of this build. False: no random bytes, no
 * memory. */
MUST_CHECK bool password_hash(struct span password, char hash[PASSWORD_HASH_ROOM]);

/*
 * Is it the right password? Bytes are compared, without Unicode normalization.
 *
 * hash       NULL or invalid: no password is right, after the same work as for a new hash.
 * ret_right  set on success only.
 * False: OpenSSL failed (no memory), so the result is unknown.
 */
MUST_CHECK bool password_right(const char *hash, struct span password, bool *ret_right);

/* Would password_hash() now do more work than this hash has? Then rehash at the next login. An
 * invalid hash is not stale: no password fits it. */
bool password_stale(const char *hash);

/* Can this build check such a hash? Parameters above four times ours are refused, since one check
 * could use up the machine's memory. */
bool password_hash_valid(struct span hash);

#endif

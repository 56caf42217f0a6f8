/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algorithm - the supported signature algorithms (RFC 7518 section 3.1, RFC 8037, RFC 9864), as one
 * table.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * There is no row for HS* or none, so no token or configuration can select them.
 */
#ifndef POSTERN_JWKS_ALGORITHM_H
#define POSTERN_JWKS_ALGORITHM_H

#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

enum key_type { KEY_RSA, KEY_EC, KEY_OKP };

enum key_curve { CURVE_NONE, CURVE_P256, CURVE_P384, CURVE_P521, CURVE_ED25519 };

/*        name    key type  curve          digest    PSS  signature bytes (0: the modulus') */
#define ALGORITHM_TABLE(ROW)                                                                       \
	ROW(RS256, KEY_RSA, CURVE_NONE, "SHA256", false, 0)                                        \
	ROW(RS384, KEY_RSA, CURVE_NONE, "SHA384", false, 0)                                        \
	ROW(RS512, KEY_RSA, CURVE_NONE, "SHA512", false, 0)                                        \
	ROW(PS256, KEY_RSA, CURVE_NONE, "SHA256", true, 0)                                         \
	ROW(PS384, KEY_RSA, CURVE_NONE, "SHA384", true, 0)                                         \
	ROW(PS512, KEY_RSA, CURVE_NONE, "SHA512", true, 0)                                         \
	ROW(ES256, KEY_EC, CURVE_P256, "SHA256", false, 64)                                        \
	ROW(ES384, KEY_EC, CURVE_P384, "SHA384", false, 96)                                        \
	ROW(ES512, KEY_EC, CURVE_P521, "SHA512", false, 132)                                       \
	ROW(EdDSA, KEY_OKP, CURVE_ED25519, NULL, false, 64)

#define ALGORITHM_ENUM(name, type, curve, digest, pss, bytes) ALGORITHM_##name,
enum algorithm { ALGORITHM_TABLE(ALGORITHM_ENUM) ALGORITHM_COUNT };
#undef ALGORITHM_ENUM

/* A set of algorithms: bit 1 << enum algorithm. */
typedef uint32_t algorithm_set;
#define ALGORITHM_ALL ((algorithm_set)((1u << ALGORITHM_COUNT) - 1u))
#define ALGORITHM_BIT(algorithm) ((algorithm_set)(1u << (algorithm)))

/* By exact bytes; "Ed25519" (RFC 9864) is EdDSA. ALGORITHM_COUNT: not one of ours. */
enum algorithm algorithm_find(struct span name);

/* The name that was probably meant, for a hint; NULL: none is near, or it is one of HS*, which are
 * never accepted. A string literal. */
const char *algorithm_nearest(struct span typed);

/* Its name, a string literal. */
const char *algorithm_name(enum algorithm algorithm);

/* The key type that it needs. */
enum key_type algorithm_key_type(enum algorithm algorithm);

/* The curve that it needs; CURVE_NONE for RSA. */
enum key_curve algorithm_curve(enum algorithm algorithm);

#endif

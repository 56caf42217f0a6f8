/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - the mathematics of a JWK as an OpenSSL key (RFC 7518 section 6, RFC 8037 section 2).
 *
 * Uses:   base, algorithm, OpenSSL.
 * Pure:   yes (allocates).
 * Limits: those of key.h.
 */
#ifndef POSTERN_JWKS_MATERIAL_H
#define POSTERN_JWKS_MATERIAL_H

#include <stdbool.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/err.h"
#include "jwks/algorithm.h"

struct material {
	enum key_type type;
	enum key_curve curve; /* CURVE_NONE for RSA */
	int bits;
	EVP_PKEY *pkey; /* owned: EVP_PKEY_free() it */
};

/*
 * Read `kty` and the public members that belong to it, and check the key that they make. A
 * private or symmetric member is a failure.
 *
 * ret_material  set on success only; its pkey is given.
 */
MUST_CHECK bool material_read(const json_t *jwk, struct material *ret_material, struct err *reterr);

/* Set the error to `why`, or to ERR_MEMORY if OpenSSL reports that memory ran out. Clears OpenSSL's
 * error queue. Always returns false. */
bool material_refuse(struct err *reterr, const char *why);

#endif

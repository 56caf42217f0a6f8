/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecdsa - the two forms of an ECDSA signature: R || S of JWS (RFC 7518 section 3.4) and DER
 * (RFC 3279 section 2.2.3), which OpenSSL takes.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_JWKS_ECDSA_H
#define POSTERN_JWKS_ECDSA_H

#include <stddef.h>

#include "base/check.h"
#include "base/span.h"

/* Of two numbers of 66 bytes, each with a sign byte. */
#define ECDSA_DER_MAX_BYTES 144

/*
 * Write R || S as DER. Returns the bytes written; 0 if R or S is zero, or the length is not that of
 * a supported curve (64, 96, 132). OpenSSL checks that both are below the order.
 */
MUST_CHECK size_t ecdsa_der(struct span raw, char der[ECDSA_DER_MAX_BYTES]);

#endif

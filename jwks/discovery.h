/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery - from an issuer to its jwks_uri (OpenID Connect Discovery 1.0 section 4, RFC 8414).
 *
 * Uses:   base, source.
 * Pure:   yes.
 */
#ifndef POSTERN_JWKS_DISCOVERY_H
#define POSTERN_JWKS_DISCOVERY_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "jwks/failure.h"

#define DISCOVERY_URL_ROOM 2048

/* ISSUER/.well-known/openid-configuration. False: too long. */
MUST_CHECK bool discovery_url(const char *issuer, char url[DISCOVERY_URL_ROOM]);

/*
 * Read the document. Its `issuer` must be the configured one byte for byte, and jwks_uri safe to
 * fetch; a near miss is named with the value to write.
 */
MUST_CHECK bool discovery_read(
    struct span json, const char *issuer, char jwks_uri[DISCOVERY_URL_ROOM], struct err *reterr);

/* Why discovery_read() refused a document: FAILURE_NOT_JSON, FAILURE_ISSUER_MISMATCH or
 * FAILURE_DISCOVERY. */
enum failure discovery_failure(struct span json, const char *issuer);

#endif

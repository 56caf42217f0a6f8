/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_identity - what a TLS server shows: a certificate with its chain, and the private key that
 * fits it.
 *
 * Uses:   base, OpenSSL.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_IO_TLS_IDENTITY_H
#define POSTERN_PROXY_IO_TLS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/* Most bytes of a file of certificates or of a key. */
#define TLS_IDENTITY_MAX_BYTES (1u << 20)

struct ssl_ctx_st;
struct x509_st;
struct tls_identity;

/* From PEM: the certificate first, then the chain that signed it. ret_identity  given:
 * tls_identity_free() it. */
MUST_CHECK bool tls_identity_new(
    struct span pem, struct tls_identity **ret_identity, struct err *reterr);

/* Accepts NULL. */
void tls_identity_free(struct tls_identity *identity);

/* Give it its private key, from PEM: one that has no passphrase and fits the certificate. The error
 * repeats nothing of it. */
MUST_CHECK bool tls_identity_key(
    struct tls_identity *identity, struct span pem, struct err *reterr);

/* From when and until when the certificate is valid, in Unix seconds; both included. */
void tls_identity_valid(
    const struct tls_identity *identity, int64_t *ret_from_s, int64_t *ret_until_s);

/* The notAfter of any certificate, in Unix seconds; 0 if it cannot be read. */
int64_t tls_identity_ends(const struct x509_st *certificate);

/* Is it for this name of a host? By its alternative names of type DNS alone; "*" stands for one
 * label (RFC 6125 section 6.4.3). */
bool tls_identity_serves(const struct tls_identity *identity, struct span host);

/* Let a context show it, which holds references of its own then. */
MUST_CHECK bool tls_identity_use(
    const struct tls_identity *identity, struct ssl_ctx_st *context, struct err *reterr);

#endif

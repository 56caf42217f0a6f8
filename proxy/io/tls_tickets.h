/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_tickets - session tickets (RFC 5077, RFC 8446 section 4.6.1): a client that has been here
 * resumes its session by what it stores itself.
 *
 * The keys that protect them are random and never leave the process. A new one is made each
 * TLS_TICKETS_KEY_S; one more period its predecessor is still accepted.
 *
 * Uses:   tls_identity, base (clock, digest), OpenSSL.
 * Shell:  the clock and the random generator.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_IO_TLS_TICKETS_H
#define POSTERN_PROXY_IO_TLS_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

#define TLS_TICKETS_KEY_S 3600

#define TLS_TICKETS_NAME_BYTES 16

struct ssl_ctx_st;
struct ssl_st;

/* A key, by the name that tickets carry. */
struct tls_tickets_key {
	unsigned char name[TLS_TICKETS_NAME_BYTES], cipher[32], mac[32];
	int64_t since_s; /* 0: there is none */
};

/* Zero it to start. */
struct tls_tickets_keys {
	struct tls_tickets_key now, former;
};

/* The key of that name (NULL: the one that new tickets get) at a second of the monotonic clock,
 * after making a new one if it is due. False: there is none. */
MUST_CHECK bool tls_tickets_find(struct tls_tickets_keys *keys, const unsigned char *name,
    int64_t mono_s, struct tls_tickets_key *ret_key);

/* Let a server's context give and take tickets. A ticket whose client certificate is not valid any
 * more, or one of those that vouched for it, is not taken: the client proves once more who it is.
 * False: OpenSSL failed. */
MUST_CHECK bool tls_tickets_use(struct ssl_ctx_st *context);

/* The last second, Unix time, in which the certificate of a client counts that the handshake has
 * verified, now or when the session began: where its chain ends first. */
int64_t tls_tickets_client_ends(const struct ssl_st *ssl);

#endif

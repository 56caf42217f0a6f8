/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secure - TLS towards an upstream (https), by OpenSSL.
 *
 * Uses:   upstream (struct link), base.
 * Shell:  sockets. TLS 1.2 at least, the system's trusted certificates, the host's name checked.
 */
#ifndef POSTERN_PROXY_UPSTREAM_SECURE_H
#define POSTERN_PROXY_UPSTREAM_SECURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/upstream/upstream.h"

struct secure;

/* What all connections to `host` (a name or an address) share. */
MUST_CHECK bool secure_new(const char *host, struct secure **ret_secure, struct err *reterr);

/* Accepts NULL. */
void secure_free(struct secure *secure);

/* Shake hands on a connected link before its deadline; sets link->tls. */
MUST_CHECK bool secure_connect(struct secure *secure, struct link *link, struct err *reterr);

/* As link_read(), link_read_now() and link_write(). */
MUST_CHECK ssize_t secure_read(struct link *link, char *into, size_t room);
MUST_CHECK ssize_t secure_read_now(struct link *link, char *into, size_t room);
MUST_CHECK bool secure_write(struct link *link, struct span bytes);

/* Does it hold decrypted bytes that nobody read yet? */
bool secure_holds(void *tls);

/* Free link->tls; the socket is the caller's. */
void secure_close(void *tls);

#endif

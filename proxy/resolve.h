/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve - the addresses of an upstream's name, kept fresh by a thread of its own.
 *
 * Uses:   base.
 * Shell:  the system's resolver, which may need more stack and time than a request has.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_RESOLVE_H
#define POSTERN_PROXY_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/err.h"

#define RESOLVE_MAX 8

struct resolve;

struct resolve_address {
	struct sockaddr_storage address;
	socklen_t len;
};

/* Start to resolve; numeric addresses are there at once and need no thread. */
MUST_CHECK bool resolve_start(
    const char *host, const char *port, struct resolve **ret_resolve, struct err *reterr);

/* Accepts NULL. */
void resolve_stop(struct resolve *resolve);

/*
 * Copy the addresses, waiting for the first answer until the monotonic `deadline_us`. Returns how
 * many; 0: none yet, and reterr says why.
 */
MUST_CHECK size_t resolve_get(struct resolve *resolve, int64_t deadline_us,
    struct resolve_address addresses[RESOLVE_MAX], struct err *reterr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve - the addresses of an upstream's name, refreshed by a thread.
 *
 * Uses:   base.
 * Shell:  the system's resolver, which may need more stack and time than a request has.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_UPSTREAM_RESOLVE_H
#define POSTERN_PROXY_UPSTREAM_RESOLVE_H

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

/* An answer: the addresses at one time. */
struct resolve_answer {
	struct resolve_address addresses[RESOLVE_MAX];
	size_t count;
	uint64_t generation; /* grows when the addresses change */
};

/* Start to resolve; numeric addresses are there at once and need no thread. */
MUST_CHECK bool resolve_start(
    const char *host, const char *port, struct resolve **ret_resolve, struct err *reterr);

/* taken. Never waits for a name server: the thread ends when that has answered. Accepts NULL. */
void resolve_stop(struct resolve *resolve);

/*
 * Copy the last good answer. When there was none yet, wait for the first until the monotonic
 * `deadline_us`: as long as name servers do not answer, RESOLVE_FIRST_US at most; not at all when
 * they say that there is no such name. False: none, and reterr says why.
 */
#define RESOLVE_FIRST_US (10 * INT64_C(1000000))
MUST_CHECK bool resolve_get(struct resolve *resolve, int64_t deadline_us,
    struct resolve_answer *ret_answer, struct err *reterr);

/*
 * None of the addresses of `generation` can be reached: resolve again now, at most five times a
 * second, and wait for the answer until the monotonic `until_us` (0: do not wait). True: the
 * addresses have changed.
 */
MUST_CHECK bool resolve_renew(struct resolve *resolve, uint64_t generation, int64_t until_us);

/* Grows when the addresses change. */
uint64_t resolve_generation(const struct resolve *resolve);

/* Is this one among the addresses of the last good answer? */
bool resolve_has(struct resolve *resolve, const struct resolve_address *address);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race - connect to whichever of an upstream's addresses answers first (in the manner of RFC 8305):
 * the next address is tried when one fails, or does not answer soon.
 *
 * Uses:   resolve, wait, base.
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_UPSTREAM_RACE_H
#define POSTERN_PROXY_UPSTREAM_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/reason.h"
#include "proxy/upstream/resolve.h"

/* How long to wait for an address before the next one is tried in parallel. */
#define RACE_NEXT_US (250 * INT64_C(1000))

/* Zero it; may be run again for another connection, to addresses that were not tried. */
struct race {
	struct resolve *resolve;      /* to resolve again when no address answers; or NULL */
	struct resolve_answer answer; /* the addresses, the most promising first */
	bool tried[RESOLVE_MAX];      /* in this race, in vain or now */
	int64_t deadline_us;          /* monotonic */
	struct resolve_address won;
	int failure; /* errno of the last that refused */
};

/*
 * REASON_OK and *ret_socket (given, not blocking), or UPSTREAM_TIMEOUT: nobody answered before the
 * deadline, or UPSTREAM_UNREACHABLE: all refused, and the name has no other addresses.
 */
MUST_CHECK enum reason race_run(struct race *race, int *ret_socket);

/* Is there an address that was not tried? */
bool race_goes_on(const struct race *race);

#endif

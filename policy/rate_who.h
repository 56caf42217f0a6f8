/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_who - whom a rate counts a request for.
 *
 * Uses:   rate, principal, cidr.
 * Pure:   yes.
 *
 * Clients and subjects of two issuers are different ones, whatever their names. Whoever has one
 * IPv6 address usually has 2^64 of them, so only the first 64 bits of a peer count.
 */
#ifndef POSTERN_POLICY_RATE_WHO_H
#define POSTERN_POLICY_RATE_WHO_H

#include "base/arena.h"
#include "base/check.h"
#include "policy/principal.h"
#include "policy/rate.h"

/* By what the request is counted: by `rate->by` if the caller has it, else by its subject, else by
 * its peer. principal  NULL: unauthenticated. */
enum rate_by rate_who_by(const struct rate *rate, const struct principal *principal);

/*
 * A text that stands for whom the request is counted for: equal for equal ones, and only for them.
 * at == NULL: no memory. Lent by the arena.
 *
 * peer  a numeric address; anything else, as of a Unix socket, is taken as it is.
 */
struct span rate_who(const struct rate *rate, const struct principal *principal, struct span peer,
    struct arena *arena);

#endif

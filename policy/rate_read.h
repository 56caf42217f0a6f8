/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_read - read `rate` of a privilege or a module.
 *
 * Uses:   rate, reader.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_RATE_READ_H
#define POSTERN_POLICY_RATE_READ_H

#include "policy/reader.h"

/* The keys of `rate`; for the manual. */
extern const struct field rate_read_fields[];

/*
 * Read `map` into a rate of the policy. Every mistake is reported. NULL: `map` is NULL, there was a
 * mistake, or there is no memory, which the reader remembers.
 *
 * owner  the node of the privilege or module.
 */
const struct rate *rate_read(
    struct reader *reader, const struct node *owner, const struct node *map, bool of_module);

#endif

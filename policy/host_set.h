/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_set - modules that are for some hosts only: each entry of `hosts` has pattern sets of its
 * own.
 *
 * Uses:   policy, reader, pattern, base (host_name).
 * Pure:   yes.
 *
 * The host is chosen before the path: an exact entry before one with `*` before the patterns that
 * are for every host. The first of these with a pattern that matches the path decides.
 */
#ifndef POSTERN_POLICY_HOST_SET_H
#define POSTERN_POLICY_HOST_SET_H

#include <stdbool.h>

#include "policy/decide.h"
#include "policy/reader.h"

/* Read `hosts`. Every mistake is reported; the rest is read on. */
void host_set_read(struct reader *reader, const struct texts *hosts, struct host_sets *ret_sets);

/* Does `outer` (NULL: every host) count for every host for which `inner` does? */
bool host_set_covers(const struct host_set *outer, const struct host_set *inner);

/* Once all are there: prepare to find them. */
void host_set_finish(struct reader *reader);

/*
 * The value that decides for a target: a struct ruling, or a module.
 *
 * ret_route  its pattern and host are set, if a ruling is found.
 */
const struct ruling *host_set_ruling(
    const struct policy *policy, const struct target *target, struct route_match *ret_route);
const struct module *host_set_module(const struct policy *policy, const struct target *target);

#endif

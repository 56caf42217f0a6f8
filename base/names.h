/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - DNS lookups with a deadline.
 *
 * Libraries that resolve names themselves wait for the system's DNS timeout, half a minute or more.
 * A caller that checks here first knows that the name servers respond.
 *
 * Uses:   clock, err, thread, worker.
 * Shell:  threads, the network.
 */
#ifndef POSTERN_BASE_NAMES_H
#define POSTERN_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

/*
 * Wait until the name servers have answered for this host, whatever the answer. False: no answer by
 * `deadline_us` (clock_mono_us()); the lookup is abandoned. For an IP address: true at once.
 */
MUST_CHECK bool names_answered(const char *host, int64_t deadline_us, struct err *reterr);

#endif

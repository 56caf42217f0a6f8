/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - does a name server answer in time?
 *
 * Libraries that look up names by themselves wait for a name server as long as the system does,
 * half a minute and more. Whoever asks here before knows that they will not.
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
 * Wait until name servers have answered about this host, whatever they say. False: they have not
 * until `deadline_us` (clock_mono_us()); the look-up is let go. An address is no name: true at
 * once.
 */
MUST_CHECK bool names_answered(const char *host, int64_t deadline_us, struct err *reterr);

#endif

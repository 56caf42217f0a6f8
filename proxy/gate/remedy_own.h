/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy_own - what to do where the local issuer's endpoints refuse: RFC 6749 section 5.2 tells
 * clients little, and rightly; here is the operator's share.
 *
 * Uses:   remedy_say.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_OWN_H
#define POSTERN_PROXY_GATE_REMEDY_OWN_H

#include "proxy/gate/remedy_say.h"

/* Append what to do, by the detail that the log has. Nothing is appended where it is of no use. */
void remedy_own(const struct remedy *remedy);

#endif

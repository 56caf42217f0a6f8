/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys - wait for key sets in a command: unlike the gate, it has no later request to retry with.
 *
 * Uses:   proxy (services).
 */
#ifndef POSTERN_CLI_KEYS_H
#define POSTERN_CLI_KEYS_H

#include "proxy/gate/services.h"

/* Wait until every issuer has keys or has failed to give any, at most ten seconds. */
void keys_await(const struct services *services);

#endif

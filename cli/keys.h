/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys - waiting for key sets at the command line, where there is no second request to come.
 *
 * Uses:   proxy (services).
 */
#ifndef POSTERN_CLI_KEYS_H
#define POSTERN_CLI_KEYS_H

#include "proxy/gate/services.h"

/* Wait until every issuer has keys or has failed to give any, at most ten seconds. */
void keys_await(const struct services *services);

#endif

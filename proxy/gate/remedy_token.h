/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy_token - what to do where a token is refused: with the issuer's own name, audience, keys
 * and places in the configuration.
 *
 * Uses:   remedy_say, config, jwks (keyring), policy (module_resource).
 * Pure:   but for the state of the keys, which is read.
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_TOKEN_H
#define POSTERN_PROXY_GATE_REMEDY_TOKEN_H

#include "base/reason.h"
#include "proxy/gate/remedy_say.h"

/* Append what to do about that reason. Nothing is appended where it is about no token, or nothing
 * more is known than its page says. */
void remedy_token(const struct remedy *remedy, enum reason reason);

#endif

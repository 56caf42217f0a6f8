/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy_policy - what to do where the policy refuses: which line to change, or what the caller
 * should have.
 *
 * Uses:   remedy_say, config, policy (module, pattern, rule).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_POLICY_H
#define POSTERN_PROXY_GATE_REMEDY_POLICY_H

#include "base/reason.h"
#include "proxy/gate/remedy_say.h"

/* Append what to do about that reason. Nothing is appended where the policy did not decide, or
 * nothing more is known than the reason's page says. */
void remedy_policy(const struct remedy *remedy, enum reason reason);

#endif

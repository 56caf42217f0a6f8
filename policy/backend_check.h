/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend_check - `health_check` of an upstream.
 *
 * Uses:   backend, base (schema).
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_BACKEND_CHECK_H
#define POSTERN_POLICY_BACKEND_CHECK_H

#include "policy/backend.h"

/* Read the map (NULL: not given) into check_path and check_every_ms. Every mistake is reported. */
void backend_check_read(const struct node *map, struct backend *backend, struct mistakes *mistakes);

#endif

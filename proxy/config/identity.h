/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity - `forward` of postern.yaml: the headers that identify the caller to the upstream.
 *
 * Uses:   config, base (schema).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_CONFIG_IDENTITY_H
#define POSTERN_PROXY_CONFIG_IDENTITY_H

#include "proxy/config/config.h"

/* Read `forward` (NULL: not given) into config->rules and config->headers. Reports every mistake.
 * Without `headers` the upstream gets X-User, X-Roles, X-Scopes, X-Client and X-Issuer. */
void identity_read(struct config *config, const struct node *map);

/* The rows of `forward`, for the manual. */
const struct field *identity_schema(void);

#endif

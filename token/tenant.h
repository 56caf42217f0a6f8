/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant - how Entra names the tenants whose tokens an issuer signs.
 *
 * Uses:   base (span).
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_TENANT_H
#define POSTERN_TOKEN_TENANT_H

#include <stdbool.h>

#include "base/span.h"

/* What stands for the tenant in an issuer of many tenants, as in Entra's documents. */
#define TENANT_TEMPLATE "{tenantid}"

/* Is it the id of a tenant, as tokens have it: a GUID in lower case? */
bool tenant_is_id(struct span text);

#endif

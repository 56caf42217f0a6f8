/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_claims - may a client have these claims, as the configuration reads tokens?
 *
 * Uses:   place, issuer (client_claim).
 * Shell:  standard error.
 */
#ifndef POSTERN_CLI_CLIENT_CLAIMS_H
#define POSTERN_CLI_CLIENT_CLAIMS_H

#include "base/check.h"
#include "base/schema.h"
#include "cli/place.h"

/* Does no mapping of an issuer (`claims`) read one of them, NAME=VALUE? Else it is reported. True
 * of a configuration that cannot be read: admin_fields_valid() knows the usual names. */
MUST_CHECK bool client_claims_free(const struct place *place, const struct texts *claims);

#endif

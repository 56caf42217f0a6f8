/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_parts - the parts of the local issuer that decisions depend on, one reference to each.
 *
 * Uses:   directory, revoked, keyset.
 */
#ifndef POSTERN_ISSUER_OAUTH_ISSUER_PARTS_H
#define POSTERN_ISSUER_OAUTH_ISSUER_PARTS_H

#include "issuer/accounts/revoked.h"
#include "issuer/accounts/directory.h"
#include "jwks/keyset.h"

struct issuer_parts {
	struct directory *directory; /* clients and users */
	struct revoked *revoked;
	struct keyset *keys; /* public ones; NULL: there are none that can be read */
};

/* One more reference to each. given: issuer_parts_drop() them. */
struct issuer_parts issuer_parts_ref(const struct issuer_parts *parts);

/* Once: dropped ones are NULL, which is accepted. */
void issuer_parts_drop(struct issuer_parts *parts);

#endif

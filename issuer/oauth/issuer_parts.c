/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/issuer_parts.h"

struct issuer_parts
issuer_parts_ref(const struct issuer_parts *parts)
{
	return (struct issuer_parts){ .directory = directory_ref(parts->directory),
		.revoked = revoked_ref(parts->revoked),
		.keys = parts->keys == NULL ? NULL : keyset_ref(parts->keys) };
}

void
issuer_parts_drop(struct issuer_parts *parts)
{
	directory_unref(parts->directory);
	revoked_unref(parts->revoked);
	keyset_free(parts->keys);
	*parts = (struct issuer_parts){ NULL, NULL, NULL };
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_places - where requests to a module may carry a token besides Authorization:
 * `credentials` of a module.
 *
 * Uses:   document, schema.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_CREDENTIAL_PLACES_H
#define POSTERN_POLICY_CREDENTIAL_PLACES_H

#include <stdbool.h>

#include "base/document.h"
#include "base/schema.h"

/* Texts are lent by the document's arena. */
struct credential_places {
	const char *cookie;      /* name of a cookie; NULL: none */
	const char *query;       /* name of a parameter of the query; NULL: none */
	bool websocket_protocol; /* `bearer, TOKEN` in Sec-WebSocket-Protocol */
};

/* The keys of `credentials`; for the manual. */
extern const struct field credential_places_fields[];

/* Read `credentials`. Every mistake is reported. NULL: `map` is NULL, or there is no memory, which
 * is a mistake, too. */
const struct credential_places *credential_places_read(
    const struct node *map, struct mistakes *mistakes);

#endif

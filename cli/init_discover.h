/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_discover - ask an identity provider for its keys, as a gate with these answers would.
 *
 * Uses:   init_files (struct init_answers), jwks (discovery, fetch, keyset), token (provider).
 * Shell:  network, within the limits of fetch.h; https only but for loopback, no redirects.
 */
#ifndef POSTERN_CLI_INIT_DISCOVER_H
#define POSTERN_CLI_INIT_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/init_files.h"
#include "jwks/algorithm.h"
#include "jwks/discovery.h"

/* What was found. */
struct init_found {
	char document[DISCOVERY_URL_ROOM]; /* of discovery; "": the keys' place was given */
	char jwks_uri[DISCOVERY_URL_ROOM];
	size_t keys, skipped;     /* that can be used, and that cannot */
	algorithm_set algorithms; /* that the gate would accept of these keys */
};

/*
 * Fetch the discovery document, whose `issuer` must be the one that was answered, and the key set
 * it names; or only the key set, if its URL was answered. One time limit for each of both.
 *
 * False: what failed, and at which URL; `document` and `jwks_uri` are set as far as it came.
 */
MUST_CHECK bool init_discover(
    const struct init_answers *answers, struct init_found *ret_found, struct err *reterr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_own - `postern explain` for paths that the gate serves itself: the local issuer's
 * endpoints and the protected resource metadata (RFC 9728).
 *
 * Uses:   proxy (config, resource), issuer (endpoint), policy (target).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_OWN_H
#define POSTERN_PROXY_GATE_EXPLAIN_OWN_H

#include "base/arena.h"
#include "policy/target.h"
#include "proxy/config/config.h"
#include "proxy/http/request.h"

struct explain_own {
	int status; /* 0: the path is none of the gate's own; 200: the endpoint has the word,
		     * and goes by what is not asked about here (credentials, the body) */
	const char *detail; /* why it is no 200; NULL: it is. Lent by the arena */
};

/* Uses the same functions as the gate's endpoints. 500 if there is no memory for the response. */
struct explain_own explain_own(const struct config *config, const struct request *request,
    const struct target *target, struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_revoked - for `postern explain`: who revoked a token, and when.
 *
 * Uses:   issuer (store), policy (explain), proxy (judge).
 * Shell:  reads the database.
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_REVOKED_H
#define POSTERN_PROXY_GATE_EXPLAIN_REVOKED_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/explain.h"
#include "proxy/gate/judge.h"

/* The inputs; all borrowed. */
struct explain_revoked {
	const struct config *config; /* with a local issuer */
	const struct decision *decision;
	struct arena *arena;
};

/* Fill in explanation->revoked_by and revoked_s, by the latest revocation that fits; they stay as
 * they are when there is none any more. False: the database cannot be read. */
MUST_CHECK bool explain_revoked(
    const struct explain_revoked *asked, struct explanation *explanation, struct err *reterr);

#endif

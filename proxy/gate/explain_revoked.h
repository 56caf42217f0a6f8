/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_revoked - for `postern explain`: who revoked a token, when, and with what else. The
 * database knows, which no request waits for: what is looked up by is kept, and the answer is found
 * when somebody asks.
 *
 * Uses:   issuer (store, revocation), config.
 * Shell:  reads the database.
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_REVOKED_H
#define POSTERN_PROXY_GATE_EXPLAIN_REVOKED_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/json.h"
#include "issuer/model/revocation.h"
#include "proxy/config/config.h"

/* The question as the member `revoked` of what is kept. Returns it given: json_decref() it. NULL:
 * no memory. */
MUST_CHECK json_t *explain_revoked_keep(const struct revoked_question *question);

/* The question that was kept; its texts are lent by `said`. False: there is none. */
MUST_CHECK bool explain_revoked_kept(const json_t *said, struct revoked_question *ret_question);

/* The inputs; all borrowed. */
struct explain_revoked {
	const struct config *config; /* with a local issuer, or there is no answer */
	const struct revoked_question *question;
	struct arena *arena;
};

/* Set the member `revoked` of `said` to {by, at, of} of the latest revocation that fits; to null
 * when there is none any more. False: the database cannot be read, or there is no memory; then it
 * is null, too. */
MUST_CHECK bool explain_revoked(
    const struct explain_revoked *asked, json_t *said, struct err *reterr);

#endif

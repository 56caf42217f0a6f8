/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_question - what `postern explain` and `POST /explain` are asked: a request, and who makes
 * it.
 *
 * Uses:   base (json, clock).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_QUESTION_H
#define POSTERN_PROXY_GATE_EXPLAIN_QUESTION_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json.h"

/* All borrowed. Of the texts all but method and path may be NULL. At most one of token, claims,
 * client and user is given, and the issuer with the claims alone. */
struct explain_question {
	const char *method, *path;
	struct span token; /* at == NULL: none */
	json_t *claims;    /* an object, which is completed; NULL: none */
	const char *issuer, *client, *user, *certificate, *peer, *host;
	int64_t now_s; /* Unix seconds */
};

/* What is wrong with the choice of who asks; NULL: nothing is. */
const char *explain_question_wrong(const struct explain_question *question);

/*
 * Read a question: an object with the members method (GET), path, token, claims and issuer, client,
 * user, certificate, peer, host, at (Unix seconds or RFC 3339; now_s).
 *
 * root      lends everything; its claims are completed by who answers.
 * question  its now_s is the default; the rest is set.
 * False: reterr says which member is wrong, without a token.
 */
MUST_CHECK bool explain_question_read(
    json_t *root, struct explain_question *question, struct err *reterr);

#endif

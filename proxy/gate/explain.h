/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - what the gate would decide about a request, and why: the same steps as for a request
 * that came, for `postern explain` and `POST /explain`.
 *
 * Uses:   judge, assume, explain_question, explain_own, explain_names, explain_revoked,
 * explain_why, policy (explain). Shell:  reads the database for names that are unknown and tokens
 * that are revoked.
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_H
#define POSTERN_PROXY_GATE_EXPLAIN_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/json.h"
#include "proxy/gate/explain_question.h"
#include "proxy/gate/snapshot.h"

/*
 * Answer a question.
 *
 * snapshot  by which it is judged; of a configuration alone if neither a token nor a name of the
 *           local issuer is asked about.
 * arena     of the answer; may be freed with what is asked.
 * ret_said  an object as explain_json() gives it: json_decref() it. Set on success only.
 * False: the question names somebody who is not there, or there is no memory.
 */
struct explain {
	const struct explain_question *question;
	const struct snapshot *snapshot;
	struct arena *arena;
};
MUST_CHECK bool explain_ask(const struct explain *explain, json_t **ret_said, struct err *reterr);

/* Would it be refused? */
bool explain_refused(const json_t *said);

#endif

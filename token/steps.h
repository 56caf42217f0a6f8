/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps - the checks of a token one by one, each with what was expected and what was found: for
 * people who ask why. It checks nothing itself: which step failed follows from the reason that
 * verify_token() gave, so the two cannot differ.
 *
 * Uses:   verify, detail.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_STEPS_H
#define POSTERN_TOKEN_STEPS_H

#include "base/arena.h"
#include "base/check.h"
#include "token/verify.h"

enum step_state { STEP_HOLDS, STEP_FAILS, STEP_UNREACHED };

/* One check. Texts are lent by the arena, the trusted issuer or for good, in the words of detail.h.
 */
struct step {
	const char *name;     /* iss, alg, typ, kid, signature, exp, nbf, iat, max_age, aud, cnf,
			       * claims, or the     pointer of a claim that is required */
	const char *expected; /* NULL: anything */
	const char *found;    /* NULL: nothing */
	enum step_state state;
	struct step *next;
};

/* What is asked. All borrowed. */
struct steps_question {
	const struct trusted_issuer *trusted_issuer; /* that was chosen by `iss` */
	const struct token *token;                   /* that was read */
	const struct texts *audiences;               /* as in struct verify_inputs */
	bool assumed;                                /* only the claims were checked */
	int64_t now_s;                               /* when it was checked */
	enum reason reason; /* what came of it; of a later step: all of these held */
	const char *detail; /* of the refusal; may be NULL */
};

/*
 * The steps in the order in which they are taken; those after the one that fails were not reached.
 *
 * ret_first  set on success only.
 * False: no memory.
 */
MUST_CHECK bool steps_of(
    const struct steps_question *question, struct arena *arena, const struct step **ret_first);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next - what the policy of `policy_next` would have said to a request that the live one has
 * decided. It decides nothing.
 *
 * Uses:   judge.
 * Pure:   as judge.h, but that `find` may use a cache.
 */
#ifndef POSTERN_PROXY_GATE_NEXT_H
#define POSTERN_PROXY_GATE_NEXT_H

#include "base/reason.h"
#include "proxy/gate/judge.h"

enum next_verdict { NEXT_SAME, NEXT_WOULD_REFUSE, NEXT_WOULD_ALLOW, NEXT_VERDICTS };

/* Texts are lent by the policies. */
struct next {
	enum next_verdict verdict; /* NEXT_SAME also where it cannot be said */
	enum reason reason;        /* the next policy's */
	const char *privilege;     /* of the next policy that decides; NULL: none */
	const char *counted;       /* the same, or else the live one's; NULL: neither has one */
};

/* "would_refuse", "would_allow"; NULL for NEXT_SAME. */
static inline const char *
next_word(enum next_verdict verdict)
{
	return verdict == NEXT_WOULD_REFUSE  ? "would_refuse"
	       : verdict == NEXT_WOULD_ALLOW ? "would_allow"
					     : NULL;
}

/*
 * Judge by the next policy what was judged by the live one.
 *
 * inputs  of the live decision; config->next is set.
 * who     as for judge_steps(). It is asked only where the live policy did not ask: on paths that
 *         are public or unknown to it, and for credentials that it takes from elsewhere. A
 *         password is never checked for this.
 * live    the decision, as judge_steps() left it.
 */
struct next next_judge(
    const struct judge_inputs *inputs, const struct judge_who *who, const struct decision *live);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - the whole decision about a request as a function of values. The gate and
 * `postern explain` call these and nothing else.
 *
 * Uses:   caller, credentials, config, snapshot, policy, token.
 * Pure:   yes: no clock, no socket, no log. A key that is not there is REASON_KEY_UNKNOWN, and
 *         the shell may fetch and ask again.
 */
#ifndef POSTERN_PROXY_GATE_JUDGE_H
#define POSTERN_PROXY_GATE_JUDGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "issuer/model/client.h"
#include "issuer/accounts/login.h"
#include "issuer/accounts/revoked.h"
#include "issuer/model/user.h"
#include "policy/decide.h"
#include "proxy/gate/caller.h"
#include "proxy/config/config.h"
#include "proxy/gate/credentials.h"
#include "proxy/http/request.h"
#include "proxy/gate/snapshot.h"
#include "token/token.h"

struct judge_inputs {
	const struct snapshot *snapshot;
	const struct config *config; /* the snapshot's */
	/* For introspection: the `aud` of the local issuer's tokens, whoever they are for. NULL:
	 * those that are for us. */
	const struct texts *audiences;
	int64_t now_s;  /* Unix seconds */
	int64_t mono_s; /* clock_mono_s(): for waits, and the age of keys. `explain --at` asks about
			 * another now_s, with the keys that are there */
};

struct decision {
	struct target target;
	struct route_match route;
	struct credentials credentials;
	const struct caller *caller; /* NULL: nobody, or nobody who was believed */
	size_t issuer_index; /* whose token it claims to be; trusted_issuer_count: not known */
	struct login_attempt attempt; /* what Basic presents; password_done() it */
	bool unasked; /* refused only because nobody asked yet: login_check() the attempt */
	const char *right_hash; /* somebody did, and it was right against this hash; else NULL */
	bool basic;             /* Basic counts on this path: the challenge offers it */
	struct revoked_question revoked; /* with REASON_TOKEN_REVOKED, lent by the arena */
	struct verdict verdict;          /* its reason decides */
};

/*
 * The part that needs no configuration: can the request be read in one way, and which target has
 * it. Starts the judgement. REASON_OK, or the refusal.
 */
MUST_CHECK enum reason judge_admit(
    struct request *request, struct arena *arena, struct decision *decision);

/*
 * What covers it, and which credentials are there. REASON_OK when the caller must be known to go
 * on (judge_bearer(), then judge_caller()) or `cover.public`; else the refusal.
 */
MUST_CHECK enum reason judge_request(
    const struct judge_inputs *inputs, const struct request *request, struct decision *decision);

/*
 * Who presents this token? REASON_OK sets *ret_caller, lent by the arena. judgement->profile and
 * verdict.detail are set with a refusal.
 */
MUST_CHECK enum reason judge_bearer(const struct judge_inputs *inputs, struct arena *arena,
    struct decision *decision, struct caller **ret_caller);

/*
 * What does Basic present? Sets judgement->attempt but for its hash. REASON_OK,
 * REASON_BASIC_NOT_ALLOWED here, REASON_BASIC_WRONG for what is nobody's, that it cannot be read,
 * or REASON_OVERLOADED.
 */
MUST_CHECK enum reason judge_attempt(const struct judge_inputs *inputs,
    const struct request *request, struct arena *arena, struct decision *decision);

/*
 * Is it a user's? REASON_OK sets *ret_caller, lent by the arena. REASON_BASIC_WRONG together with
 * judgement->unasked: nobody knows yet; the shell may ask, set right_hash, and judge again. Unknown
 * and disabled users are asked for alike.
 */
MUST_CHECK enum reason judge_basic(const struct judge_inputs *inputs, struct arena *arena,
    struct decision *decision, struct caller **ret_caller);

/* The caller that a user makes whose password was right; also for `explain --user`. */
MUST_CHECK enum reason judge_user(const struct judge_inputs *inputs, const struct user *user,
    struct arena *arena, struct caller **ret_caller);

/* The caller that verified claims make; also for claims that `explain --claims` assumes. */
MUST_CHECK enum reason judge_claims(const struct judge_inputs *inputs, const struct claims *claims,
    struct arena *arena, struct caller **ret_caller);

/* Note what a revocation was found by, in the arena: judgement->revoked. */
void judge_keep_revoked(
    const struct claims *claims, struct arena *arena, struct decision *decision);

/* Wipe the password of the attempt; there need be none. */
void judge_forget(struct decision *decision);

/* May judgement->caller (NULL: nobody) do it? Sets verdict. */
void judge_caller(
    const struct judge_inputs *inputs, struct arena *arena, struct decision *decision);

/*
 * Is this text a token of the local issuer that counts now, by the same steps as a request's? For
 * introspection (RFC 7662 section 2.2). True: `token` holds its claims; token_done() it in any
 * case.
 */
bool judge_introspect(
    const struct judge_inputs *inputs, struct span text, struct arena *arena, struct token *token);

/* Is the issuer of that profile accepted now? REASON_OK, or REASON_LOCAL_ISSUER_STANDING_BY. */
MUST_CHECK enum reason judge_issuer(
    const struct judge_inputs *inputs, size_t issuer_index, const char **ret_detail);

/*
 * All the steps after judge_admit(), in their order, for the gate and for `explain`: what covers
 * the request, who asks, may they. Returns verdict.reason.
 *
 * who  finds out who asks and sets judgement->caller (nobody: NULL): the gate remembers callers,
 *      `explain` assumes them. Asked only where it matters. REASON_OK, or the refusal.
 */
struct judge_who {
	enum reason (*find)(
	    void *context, const struct judge_inputs *inputs, struct decision *decision);
	void *context;
	struct arena *arena; /* of the request */
	const struct request *request;
};
MUST_CHECK enum reason judge_steps(
    const struct judge_inputs *inputs, const struct judge_who *who, struct decision *decision);

#endif

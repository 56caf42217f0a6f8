/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - the whole decision about a request as a function of values. The gate and
 * `postern explain` call these and nothing else.
 *
 * Uses:   caller, credentials, config, snapshot, policy, token.
 * Pure:   yes: no clock, no socket, no log. A missing key gives REASON_KEY_UNKNOWN; the shell may
 *         fetch keys and ask again.
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
	/* For introspection: every `aud` of the local issuer's tokens, also of those for other
	 * APIs. NULL: only tokens for this gate are accepted. */
	const struct texts *audiences;
	const struct request_certificate *certificate; /* of the client; NULL: none */
	struct span peer; /* where the client is, if a policy asks; at == NULL: not known */
	int64_t now_s;    /* Unix seconds */
	int64_t mono_s; /* clock_mono_s(), for waits and the age of keys. Separate because `explain
			 * --at` changes now_s, but uses the current keys */
};

struct decision {
	struct target target;
	struct route_match route;
	struct credentials credentials;
	const struct caller *caller; /* NULL: unauthenticated */
	bool looked;                 /* the caller was looked for, */
	enum reason found;           /* with this result */
	size_t issuer_index; /* the issuer that the token names; trusted_issuer_count: not known */
	struct login_attempt attempt; /* the credentials of Basic; wipe the password with
				       * judge_forget() */
	bool unasked; /* refused only because the password was not checked yet: login_check() the
		       * attempt */
	const char *right_hash; /* the hash that the password was verified against; NULL: not
				 * verified */
	bool basic;             /* Basic is accepted on this path, so the challenge offers it */
	struct revoked_question revoked; /* with REASON_TOKEN_REVOKED, lent by the arena */
	struct verdict verdict;          /* its reason decides */
};

/*
 * What comes before everything else: the request must be unambiguous and its target valid, and it
 * becomes that of the client that a trusted proxy speaks for. Initializes `decision`. Returns
 * REASON_OK, or why it is refused.
 *
 * rules  by which proxies are trusted; NULL: none is.
 */
MUST_CHECK enum reason judge_admit(struct request *request, const struct forwarded_rules *rules,
    struct arena *arena, struct decision *decision);

/* The part of judge_admit() that reads target and host, of a request that was admitted before. */
MUST_CHECK enum reason judge_target(
    const struct request *request, struct arena *arena, struct decision *decision);

/*
 * Find the matching route, read the credentials, and see that no page of another origin made a
 * browser send them. Returns REASON_OK when the caller must be authenticated next (judge_bearer(),
 * then judge_caller()) or the route is public; else why it is refused.
 */
MUST_CHECK enum reason judge_request(
    const struct judge_inputs *inputs, const struct request *request, struct decision *decision);

/*
 * Verify the bearer token. REASON_OK sets *ret_caller, lent by the arena. A refusal sets
 * decision->issuer_index (if the issuer is known) and verdict.detail.
 */
MUST_CHECK enum reason judge_bearer(const struct judge_inputs *inputs, struct arena *arena,
    struct decision *decision, struct caller **ret_caller);

/*
 * Read the credentials of Basic into decision->attempt, all but its hash. Returns REASON_OK,
 * REASON_BASIC_NOT_ALLOWED on this path, REASON_BASIC_WRONG for credentials that no user can have,
 * the reason why they cannot be read, or REASON_OVERLOADED.
 */
MUST_CHECK enum reason judge_attempt(const struct judge_inputs *inputs,
    const struct request *request, struct arena *arena, struct decision *decision);

/*
 * Authenticate the user of decision->attempt. REASON_OK sets *ret_caller, lent by the arena.
 * REASON_BASIC_WRONG with decision->unasked means that the password was not checked yet: the shell
 * may check it, set right_hash, and call this again. Unknown and disabled users take the same path,
 * so that timing does not reveal them.
 */
MUST_CHECK enum reason judge_basic(const struct judge_inputs *inputs, struct arena *arena,
    struct decision *decision, struct caller **ret_caller);

/* Make the caller of a user whose password was right; also for `explain --user`. */
MUST_CHECK enum reason judge_user(const struct judge_inputs *inputs, const struct user *user,
    struct arena *arena, struct caller **ret_caller);

/* The audiences of which a token must have one on the matched module's paths; NULL: those of its
 * issuer. */
const struct texts *judge_audiences(const struct decision *decision);

/* Of inputs->certificate: its subject, and the SHA-256 of its DER; at == NULL: there is none. */
struct span judge_subject(const struct judge_inputs *inputs);
struct span judge_thumbprint(const struct judge_inputs *inputs);

/*
 * Authenticate a request that presents no other credentials: its caller is the owner of
 * inputs->certificate. REASON_OK sets decision->caller, lent by the arena; NULL: there is no
 * certificate, or an Authorization header of another scheme. Or REASON_OVERLOADED.
 */
MUST_CHECK enum reason judge_certificate(
    const struct judge_inputs *inputs, struct arena *arena, struct decision *decision);

/* Make the caller of verified claims; also for claims that `explain --claims` assumes. */
MUST_CHECK enum reason judge_claims(const struct judge_inputs *inputs, const struct claims *claims,
    struct arena *arena, struct caller **ret_caller);

/* Copy into decision->revoked, in the arena, what the matching revocation was looked up by. */
void judge_keep_revoked(
    const struct claims *claims, struct arena *arena, struct decision *decision);

/* Wipe the password of the attempt, if there is one. */
void judge_forget(struct decision *decision);

/* May decision->caller (NULL: unauthenticated) make this request? Sets verdict. */
void judge_caller(
    const struct judge_inputs *inputs, struct arena *arena, struct decision *decision);

/*
 * Is this text a token of the local issuer that is valid now, by the same checks as for a request?
 * For introspection (RFC 7662 section 2.2). True: `token` holds its claims; token_done() it in any
 * case.
 */
bool judge_introspect(
    const struct judge_inputs *inputs, struct span text, struct arena *arena, struct token *token);

/* Is that trusted issuer accepted now? REASON_OK, or REASON_LOCAL_ISSUER_STANDING_BY. */
MUST_CHECK enum reason judge_issuer(
    const struct judge_inputs *inputs, size_t issuer_index, const char **ret_detail);

/*
 * All the steps after judge_admit(), in order, for the gate and for `explain`: match the route,
 * authenticate, authorize. Returns verdict.reason.
 *
 * who  authenticates and sets decision->caller (NULL: unauthenticated): the gate has a cache of
 *      callers, `explain` assumes them. Called only where the result matters. Returns REASON_OK, or
 *      why it is refused.
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

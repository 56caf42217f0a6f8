/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assume - callers that nobody has authenticated: for "what if" questions about the policy, in
 * `postern explain` and `postern test`.
 *
 * Uses:   proxy (judge), token (verify).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_ASSUME_H
#define POSTERN_PROXY_GATE_ASSUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/json.h"
#include "base/reason.h"
#include "proxy/gate/judge.h"
#include "proxy/http/request.h"
#include "token/trusted_issuer.h"

/* A token that is assumed to be well signed. Borrowed. */
struct assume_token {
	json_t *payload;               /* an object */
	size_t issuer_index;           /* whose it is, in the configuration */
	const struct texts *audiences; /* judge_audiences() */
	struct arena *arena;           /* lends what is found */
};

/* The issuer of that name in the configuration; trusted_issuer_count: there is none. */
size_t assume_issuer(const struct config *config, const char *name);

/* Claims that are not there are assumed to be right: the question is about roles, not about
 * dates. What the audience must be is known later: assume_claims(). */
void assume_rest(json_t *payload, const struct trusted_issuer *trusted_issuer, int64_t now_s);

/* Add the claims of the client's own that its tokens carry. False: no memory, as
 * when there is no payload. */
MUST_CHECK bool assume_own_claims(json_t *payload, const struct client *client);

/*
 * Every check of a token but the signature's, at inputs->now_s. Without `aud`, the payload gets the
 * right one. Returns REASON_OK and *ret_claims,
 * or why it is refused.
 *
 * ret_detail  the refusal's detail, or NULL.
 */
MUST_CHECK enum reason assume_claims(const struct judge_inputs *inputs,
    const struct assume_token *assumed, struct claims *ret_claims, const char **ret_detail);

/*
 * A verified certificate with this subject (RFC 4514), and with a digest to which no token is
 * bound; its text is lent by the arena. False: it is no subject, or there is no memory.
 */
MUST_CHECK bool assume_certificate(struct span subject, struct arena *arena,
    struct request_certificate *ret_certificate, struct err *reterr);

/* The client is there: an address, or the word unix. Writes it as the gate calls it. False: it is
 * neither. */
MUST_CHECK bool assume_peer(struct span text, char ret_peer[REQUEST_PEER_ROOM], struct err *reterr);

#endif

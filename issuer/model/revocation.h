/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation - tokens that are invalid before they expire.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_MODEL_REVOCATION_H
#define POSTERN_ISSUER_MODEL_REVOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum revocation_kind {
	REVOKE_TOKEN,   /* value: its `jti` */
	REVOKE_CLIENT,  /* value: the client's id as the token names it */
	REVOKE_SUBJECT, /* value: `sub` */
	REVOKE_ALL      /* value: "" */
};

/* How far the clock of who revokes may be ahead of ours. */
#define REVOCATION_AHEAD_S 60

/* All texts are lent. With before_s == created_s it ends what is out "until now". */
struct revocation {
	int64_t number;     /* of its row in the store; 0: it has none yet */
	int kind;           /* enum revocation_kind */
	const char *issuer; /* `iss` */
	const char *value;
	int64_t before_s; /* tokens with `iat` at or before it, and those without; not for
			   * REVOKE_TOKEN */
	int64_t until_s;  /* it may be forgotten from then on; 0: never */
	int64_t created_s;
	int64_t instead_s; /* the before_s that it had before it was dated anew; 0: it was not */
	const char *by;    /* who did it, for the log */
	struct revocation *next;
};

/* The claims of a token. at == NULL: the token lacks it. */
struct revoked_question {
	struct span issuer, jti, client, subject;
	int64_t issued_s; /* `iat` */
	bool has_issued;
};

/* Does it end what is out until now, whenever that is? Never of a REVOKE_TOKEN. */
bool revocation_until_now(const struct revocation *revocation);

/* Date one that says "until now" by a clock that counts, not by the clock of who revoked: one that
 * nobody has dated yet (`fresh`) is raised to `now_s`; one that lies more than REVOCATION_AHEAD_S
 * beyond it is taken back to it. Returns whether that changed it. */
bool revocation_date(struct revocation *revocation, bool fresh, int64_t now_s);

/* Is the token that this asks about one of those that it revokes? */
bool revocation_fits(const struct revocation *revocation, const struct revoked_question *question);

#endif

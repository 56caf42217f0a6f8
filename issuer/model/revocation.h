/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation - tokens that count no more before their time.
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

/* All texts are lent. */
struct revocation {
	int kind;           /* enum revocation_kind */
	const char *issuer; /* `iss` */
	const char *value;
	int64_t before_s; /* tokens with `iat` at or before it, and those without; not for
			   * REVOKE_TOKEN */
	int64_t until_s;  /* it may be forgotten from then on; 0: never */
	int64_t created_s;
	const char *by; /* who did it, for the log */
	struct revocation *next;
};

/* A token, as it says of itself. at == NULL: it does not say. */
struct revoked_question {
	struct span issuer, jti, client, subject;
	int64_t issued_s; /* `iat` */
	bool has_issued;
};

/* Is the token that this asks about one of those that it revokes? */
bool revocation_fits(const struct revocation *revocation, const struct revoked_question *question);

#endif

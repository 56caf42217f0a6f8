/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation - tokens that are out and shall count no more, as the store keeps it.
 *
 * Uses:   nothing.
 */
#ifndef POSTERN_ISSUER_REVOCATION_H
#define POSTERN_ISSUER_REVOCATION_H

#include <stdint.h>

enum revocation_kind {
	REVOKE_TOKEN,   /* the one of this `jti` */
	REVOKE_CLIENT,  /* all of a client */
	REVOKE_SUBJECT, /* all of a subject */
	REVOKE_ALL      /* all of the issuer */
};

/* All texts are lent by an arena, or borrowed. */
struct revocation {
	int kind;           /* enum revocation_kind */
	const char *issuer; /* the profile's `iss`: those of two issuers are different ones */
	const char *value;  /* the jti, client or subject; "" for REVOKE_ALL */
	int64_t before_s;   /* tokens with `iat` <= this, and those without; unused of a token */
	int64_t until_s;    /* may be forgotten then; 0: never */
	int64_t created_s;
	const char *by; /* who, for the audit */
	struct revocation *next;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_issuer - the settings of one trusted issuer (issuers.NAME): what its tokens must look
 * like.
 *
 * Uses:   jwks, base.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_TRUSTED_ISSUER_H
#define POSTERN_TOKEN_TRUSTED_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/document.h"
#include "base/schema.h"
#include "jwks/algorithm.h"
#include "jwks/source.h"

/* A claim that must be there with one of these values (JSON scalars as text). */
struct trusted_issuer_require {
	const char *pointer; /* RFC 6901 */
	struct texts values; /* any one; none: any value but null */
	struct trusted_issuer_require *next;
};

/* The name of the local issuer among the trusted issuers. */
#define TRUSTED_ISSUER_LOCAL "local"

/* Where the claims that the gate uses are found; each a list of JSON Pointers, first hit wins for
 * subject and client, all are joined for the others, where "*" is each entry of an array. */
struct trusted_issuer_claims {
	struct texts subject, client, scopes, groups, roles;
};

/* All texts are lent by the configuration's arena. */
struct trusted_issuer {
	const char *name;          /* in the configuration; of a tenant: NAME:TENANT */
	const char *family;        /* NAME, where `issuer` is a pattern of tenants; else NULL */
	const struct node *node;   /* its entry; NULL: the local issuer's */
	const char *provider;      /* preset */
	const char *issuer;        /* exact `iss` */
	struct texts aliases;      /* other spellings of `iss`, of the same issuer and keys */
	struct texts tenants;      /* Entra: for {tenantid} in `issuer` and `aliases` */
	bool entra;                /* `tid`, `iss` and the key must be of one tenant */
	struct texts audience;     /* none when any_audience */
	const char *only_audience; /* what trusted_issuer_local()'s `audience` points at */
	bool any_audience;         /* `audience: any` */
	algorithm_set algorithms;
	struct texts types; /* accepted `typ`, compared without case and "application/" */
	bool type_optional; /* a token without `typ` is accepted */
	int64_t skew_s;
	int64_t max_age_s; /* 0: not limited */
	struct trusted_issuer_require *require;
	struct trusted_issuer_claims claims;
	struct source source;
};

/*
 * Read issuers.NAME. Every mistake is reported, including `audience: any` without `require` and an
 * unsupported algorithm (HS* and none have their own messages).
 */
void trusted_issuer_read(
    const struct node *map, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes);

/* Is it the issuer of that name, or a tenant of the issuer of that name? */
bool trusted_issuer_is(const struct trusted_issuer *trusted_issuer, const char *name);

/* The rows of issuers.NAME and of its `claims`, for the manual. */
const struct field *trusted_issuer_schema(void);
const struct field *trusted_issuer_claims_schema(void);

/* The settings of the local issuer: RFC 9068 tokens of `issuer` for `audience`, keys SOURCE_GIVEN.
 * Both texts are borrowed. The struct contains pointers to itself, so do not copy it. */
void trusted_issuer_local(
    struct trusted_issuer *trusted_issuer, const char *issuer, const char *audience);

#endif

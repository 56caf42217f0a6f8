/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local - the local issuer as configured (`local_issuer` of postern.yaml).
 *
 * Uses:   base, sql.
 * Pure:   yes, but for `{env: NAME}` and `{file: PATH}`.
 */
#ifndef POSTERN_ISSUER_LOCAL_H
#define POSTERN_ISSUER_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/document.h"
#include "base/schema.h"
#include "issuer/lockout.h"

enum local_accept { LOCAL_ALWAYS, LOCAL_FALLBACK, LOCAL_NEVER };

/* The name under which the local issuer's profile stands among the issuers. */
#define LOCAL_NAME "local"

/* All texts are lent by the configuration's arena. */
struct local {
	const char *issuer;             /* `iss`: a URL; the endpoints stand below it */
	const char *audience;           /* `aud` of its tokens */
	struct texts resources;         /* others that a client may ask for (RFC 8707) */
	const char *introspection_role; /* of the clients that may introspect */
	int accept;                     /* enum local_accept */
	const char *database;           /* a URL, or a SQLite file, absolute under `state` */
	int64_t token_lifetime_s;
	bool basic;
	struct lockout_rules lockout; /* of users and of clients */
	const struct node *lockout_map;
};

/* Read `local_issuer`. `state` is the directory for a relative database; everything wrong is
 * told. */
void local_read(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes);

/* Every `aud` that its tokens may have, the one first that is given unasked; all copied into the
 * arena. False: no memory. */
MUST_CHECK bool local_audiences(
    const struct local *local, struct arena *arena, struct texts *ret_audiences);

/* The rows of its keys, for the manual. */
const struct field *local_schema(void);

/* The same of `local_issuer.lockout`. */
const struct field *local_lockout_schema(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local - the local issuer as configured (`local_issuer` of postern.yaml).
 *
 * Uses:   base, sql.
 * Pure:   yes, but for `{env: NAME}` and `{file: PATH}`.
 */
#ifndef POSTERN_ISSUER_LOCAL_LOCAL_H
#define POSTERN_ISSUER_LOCAL_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cors.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/document.h"
#include "base/schema.h"
#include "issuer/accounts/lockout.h"
#include "issuer/local/standby.h"
#include "token/trusted_issuer.h"

enum local_accept { LOCAL_ALWAYS, LOCAL_FALLBACK, LOCAL_NEVER };

/* The name of the local issuer among the trusted issuers. */
#define LOCAL_NAME TRUSTED_ISSUER_LOCAL

/* The keys that sign its tokens. */
struct local_signing {
	int algorithm; /* enum signing_algorithm */
	int64_t rotate_after_s;
	int64_t publish_ahead_s;
	const char *key_file; /* NULL: keys of our own making under `state` */
	const struct node *key_map;
};

/* All texts are lent by the configuration's arena. */
struct local {
	const char *issuer;             /* `iss`: a URL; the endpoints are below it */
	const char *audience;           /* `aud` of its tokens */
	struct texts resources;         /* others that a client may ask for (RFC 8707) */
	const char *introspection_role; /* of the clients that may introspect */
	int accept;                     /* enum local_accept */
	const char *database;           /* a URL, or a SQLite file, absolute under `state` */
	int64_t token_lifetime_s;
	bool basic;
	struct lockout_rules lockout; /* of users and of clients */
	const struct node *lockout_map;
	struct local_signing signing;
	const struct node *signing_map;
	struct standby_settings fallback; /* of LOCAL_FALLBACK */
	const struct node *fallback_map;
	const struct cors *cors; /* of its endpoints; NULL: no page of another origin calls them */
	const struct node *cors_map;
};

/* Read `local_issuer`. `state` is the directory for a relative database. Reports every mistake. */
void local_read(
    const struct node *map, const char *state, struct local *local, struct mistakes *mistakes);

/* Every `aud` that its tokens may have, the default one first; all copied into the arena. False: no
 * memory. */
MUST_CHECK bool local_audiences(
    const struct local *local, struct arena *arena, struct texts *ret_audiences);

/* The rows of its keys and of the maps below it, for the manual. */
#define LOCAL_SECTIONS 6
extern const struct schema_section local_sections[LOCAL_SECTIONS];

#endif

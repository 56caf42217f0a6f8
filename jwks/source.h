/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source - where an issuer's keys come from, as configured (issuers.NAME of postern.yaml).
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_JWKS_SOURCE_H
#define POSTERN_JWKS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/document.h"
#include "base/schema.h"

enum source_kind {
	SOURCE_FILE,      /* jwks_file */
	SOURCE_URL,       /* jwks_uri */
	SOURCE_DISCOVERY, /* ISSUER/.well-known/openid-configuration names the jwks_uri */
	SOURCE_GIVEN      /* keys handed over in memory: the local issuer's own */
};

/* All texts are lent by the configuration's arena. */
struct source {
	const char *name;   /* the issuer's name in the configuration */
	const char *issuer; /* its `iss`, which discovery must repeat */
	enum source_kind kind;
	const char *place;   /* path or URL; NULL for SOURCE_GIVEN */
	int64_t refresh_s;   /* TTL if the response has none */
	int64_t cooldown_s;  /* minimum time between two refreshes for unknown kids */
	int64_t stale_s;     /* how long the last good set stays valid after its fetch */
	int64_t timeout_ms;  /* of a whole fetch */
	const char *ca_file; /* or NULL */
	const char *proxy;   /* HTTP proxy URL; NULL: none, and the environment is ignored */
	const char *client_certificate, *client_key; /* files of PEM, both or none */
	const char *bearer;        /* a file whose text is shown to the issuer, or NULL */
	const char *etag;          /* ask for what is not this, or NULL; never configured */
	const struct node *unread; /* rows that source_read() reads by itself */
};

/*
 * Read jwks_uri, jwks_file and jwks of one issuer's map. `name` and `issuer` are already in
 * *source. Reported as mistakes: jwks_uri together with jwks_file; a URL (or, for discovery, an
 * issuer) that is neither https nor http on a loopback address.
 */
void source_read(const struct node *issuer_map, struct source *source, struct mistakes *mistakes);

/* The rows of `jwks`, for the manual. */
const struct field *source_schema(void);

/* Is this URL https, or http to 127.0.0.0/8, ::1 or localhost, and names no user? Strict: a URL
 * whose host two parsers could read differently is not safe. */
bool source_url_safe(struct span url);

#endif

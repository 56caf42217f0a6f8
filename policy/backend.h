/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend - an upstream as configured: `upstream` of postern.yaml and of a module, a URL or a map.
 *
 * Uses:   target, base (schema, url, secret).
 * Pure:   yes, but for the files and variables that `tls` names (secret_read()).
 */
#ifndef POSTERN_POLICY_BACKEND_H
#define POSTERN_POLICY_BACKEND_H

#include <stdint.h>

#include "base/document.h"
#include "base/schema.h"
#include "base/span.h"
#include "policy/target.h"

/* The most URLs of one upstream. */
#define BACKEND_ORIGINS 16

/* All texts are lent by the document's arena. */
struct backend {
	const char *url;          /* as written; several are separated by ", " */
	const char **origins;     /* where to connect: each URL without its path, or unix:/PATH */
	size_t origin_count;      /* 1 to BACKEND_ORIGINS */
	bool secure;              /* https */
	struct span path;         /* in front of the forwarded path: canonical, "" or /a/b */
	struct span host;         /* the header Host; at == NULL: the request's own */
	struct span strip_prefix; /* taken off before that: canonical, "" or /a/b */
	bool rewrite_location;    /* see location.h */
	int64_t timeout_ms;       /* 0: limits.upstream_timeout */
	const char *ca; /* PEM: who may sign its certificate; NULL: the system's authorities */
	const char *certificate, *key; /* PEM: what we show it; NULL: nothing */
	const char *server_name;       /* expected in its certificate; NULL: the URL's host */
	const char *check_path;        /* of its health check; NULL: none */
	int64_t check_every_ms;
	int retry_share;         /* of its requests may be retries, in thousandths; -1: no limit */
	const struct node *node; /* for messages */
};

/* The keys of the map, of its `tls` and of its `health_check`; for the manual. */
extern const struct field backend_fields[];
extern const struct field backend_tls_fields[];
extern const struct field backend_check_fields[];

/* Report those of the paths of a module that it serves which do not begin with `strip_prefix`. */
void backend_check_paths(
    const struct backend *backend, const struct texts *paths, struct mistakes *mistakes);

/* What it is asked for in place of this target, or NULL: the path does not begin with
 * `strip_prefix`, or there is no memory. Lent by the arena. */
const char *backend_target(
    const struct backend *backend, const struct target *target, struct arena *arena);

/*
 * Read `upstream`. Every mistake is reported; what the PEM texts hold is not looked at. NULL:
 * `node` is NULL, or there are mistakes, or there is no memory, which is a mistake, too.
 */
const struct backend *backend_read(const struct node *node, struct mistakes *mistakes);

#endif

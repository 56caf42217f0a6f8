/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - one bounded HTTP GET to an identity provider, by libcurl.
 *
 * Uses:   base, source.
 * Shell:  network. Never called on a request's thread.
 * Limits: KEYSET_MAX_BYTES of decoded body, the source's timeout, no redirects, no compression,
 *         https only but for loopback, no proxy or netrc from the environment.
 */
#ifndef POSTERN_JWKS_FETCH_H
#define POSTERN_JWKS_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "jwks/failure.h"
#include "jwks/source.h"

#define FETCH_ETAG_ROOM 256

/* What to GET. */
struct fetch_request {
	const struct source *source; /* its bearer, client certificate, timeout, … */
	const char *url;
	const atomic_bool *stop; /* when it turns true, the transfer ends at once, as a failure */
};

struct fetch_answer {
	struct buffer body; /* buffer_done() it */
	int status;         /* HTTP status, 0 when there was no answer */
	int64_t max_age_s;  /* Cache-Control max-age minus Age; 0 for no-store/no-cache; -1: none */
	int64_t retry_after_s;      /* -1: none */
	enum failure failure;       /* FAILURE_NONE after a success */
	char etag[FETCH_ETAG_ROOM]; /* "" for none, and for a longer one */
};

/* Once per process, before any thread. */
MUST_CHECK bool fetch_setup(struct err *reterr);
void fetch_teardown(void);

/*
 * GET `url` with the source's bearer token and client certificate, if it has them. A 304 is a
 * success when the source has an etag (RFC 9110 section 15.4.5); any other status than 200 is a
 * failure, and the error describes what came instead ("HTTP 500", "HTTP 302: redirect to …
 * refused", "a login page or HTML instead of JSON", "answer larger than 262144 bytes", "TLS: …", or
 * libcurl's message); the response's status and times are set even then.
 */
MUST_CHECK bool fetch_get(
    const struct fetch_request *request, struct fetch_answer *answer, struct err *reterr);

#endif

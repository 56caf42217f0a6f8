/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failure - why a key set fetch failed, as one word for metrics.
 *
 * Pure: yes.
 */
#ifndef POSTERN_JWKS_FAILURE_H
#define POSTERN_JWKS_FAILURE_H

enum failure {
	FAILURE_NONE,
	FAILURE_UNREACHABLE, /* DNS failure, no route, connection refused, empty response */
	FAILURE_TIMEOUT,
	FAILURE_TLS,
	FAILURE_REDIRECT,
	FAILURE_HTTP_STATUS,
	FAILURE_HTML,
	FAILURE_TRUNCATED,
	FAILURE_TOO_LARGE,
	FAILURE_COMPRESSED,
	FAILURE_NOT_JSON,
	FAILURE_NO_USABLE_KEY,
	FAILURE_ISSUER_MISMATCH,
	FAILURE_DISCOVERY, /* a document without a required member */
	FAILURE_FILE_UNREADABLE,
	FAILURE_BEARER, /* the bearer token cannot be read, or must not be sent to this URL */
	FAILURE_OTHER,
	FAILURE_COUNT
};

/* Its word, such as "redirect"; "ok" for FAILURE_NONE. Static. */
const char *failure_word(enum failure failure);

#endif

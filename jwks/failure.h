/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failure - why a try for a key set failed, as one word that machines can count.
 *
 * Pure: yes.
 */
#ifndef POSTERN_JWKS_FAILURE_H
#define POSTERN_JWKS_FAILURE_H

enum failure {
	FAILURE_NONE,
	FAILURE_UNREACHABLE, /* no name, no route, nobody there, an empty answer */
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
	FAILURE_DISCOVERY, /* a document without what is needed of it */
	FAILURE_FILE_UNREADABLE,
	FAILURE_BEARER, /* the secret to show cannot be read, or must not be sent there */
	FAILURE_OTHER,
	FAILURE_COUNT
};

/* Its word, such as "redirect"; "ok" for FAILURE_NONE. Static. */
const char *failure_word(enum failure failure);

#endif

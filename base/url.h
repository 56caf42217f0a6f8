/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url - the only parser of the configuration's URLs: http://, https:// and unix:/PATH.
 *
 * Uses:   libcurl's URL API (CURLU), err, span.
 * Pure:   yes.
 * Limits: URL_HOST bytes of a host's name.
 *
 * Stricter than RFC 3986: a URL whose host two parsers could read differently is refused. So is
 * every part that the caller does not use, because ignoring it would change the meaning.
 */
#ifndef POSTERN_BASE_URL_H
#define POSTERN_BASE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

#define URL_HOST 256

enum url_scheme { URL_HTTP, URL_HTTPS, URL_UNIX };

/* What a URL may have or must be, beside http(s)://HOST[:PORT][/]. */
#define URL_PATH 1u     /* a path */
#define URL_QUERY 2u    /* a query */
#define URL_TEMPLATE 4u /* {NAME} in the path */
#define URL_SOCKET 8u   /* it may be unix:/PATH instead */
#define URL_SAFE 16u    /* it must be https, or http to 127.0.0.0/8, ::1 or localhost */

/* A URL taken apart; the spans are borrowed from its text. */
struct url {
	enum url_scheme scheme;
	char host[URL_HOST];   /* without brackets; "" for unix */
	uint16_t port;         /* 1..65535, the scheme's own when none is written; 0 for unix */
	struct span authority; /* HOST[:PORT] as written; empty for unix */
	struct span path;      /* as written, "" when there is none; of the socket for unix */
	struct span query;     /* without "?"; `at` is NULL when there is none */
};

/*
 * Take apart one URL. `parts`: URL_… that it may have. A user or a password, a fragment, a space,
 * another scheme, a port beyond 1..65535 are never accepted, nor is a host that is not an ASCII
 * name, a dotted IPv4 address or an IPv6 address in brackets.
 *
 * reterr  the rule that is broken, "must …", with what to write instead where that is plain. It
 *         never quotes a text that contains "@", since it may contain a password.
 */
MUST_CHECK bool url_read(struct span text, unsigned parts, struct url *ret_url, struct err *reterr);

#endif

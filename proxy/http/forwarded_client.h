/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forwarded_client - the client that trusted proxies speak for: its address, its scheme, and the
 * host that it asked.
 *
 * Uses:   request, forwarded_list, forwarded_node, base (cidr).
 * Pure:   yes.
 *
 * Each proxy appends to the list whom it was asked by. So the last entry is the nearest proxy's
 * word; the one before is the word of whom it names, and counts if that is a trusted proxy too.
 */
#ifndef POSTERN_PROXY_HTTP_FORWARDED_CLIENT_H
#define POSTERN_PROXY_HTTP_FORWARDED_CLIENT_H

#include "base/check.h"
#include "base/cidr.h"
#include "base/reason.h"
#include "proxy/http/request.h"

/* More proxies than this in a row are a mistake, or an attack. */
#define FORWARDED_CLIENT_PROXIES 100

/* What is read: FORWARDED_ELEMENTS alone, or some of the others. */
enum forwarded_header {
	FORWARDED_FOR = 1,     /* X-Forwarded-For */
	FORWARDED_PROTO = 2,   /* X-Forwarded-Proto */
	FORWARDED_HOST = 4,    /* X-Forwarded-Host */
	FORWARDED_ELEMENTS = 8 /* Forwarded (RFC 7239) */
};

/* As configured. */
struct forwarded_rules {
	struct cidr_set proxies; /* whose headers count */
	unsigned headers;        /* enum forwarded_header */
};

/*
 * If request->peer is a trusted proxy, `peer`, `secure` and `host` become what the headers say, and
 * `proxy` is the socket's address; the certificate of the connection goes with whoever is at its
 * other end. Headers that do not count are not looked at, and none does of a request whose client
 * is concealed.
 *
 * rules    NULL: nobody is trusted.
 * request  request_check() has taken it.
 * Returns REASON_OK, or REASON_REQUEST_MALFORMED with request->detail: an entry that counts cannot
 * be read.
 */
MUST_CHECK enum reason forwarded_client_read(
    const struct forwarded_rules *rules, struct request *request);

#endif

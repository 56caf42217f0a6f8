/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy_header - what a proxy says before anything else of whom it forwards: the PROXY protocol,
 * versions 1 and 2, as HAProxy specifies it. For this directory only.
 *
 * Uses:   request, base (cidr, digits).
 * Pure:   yes.
 * Limits: PROXY_HEADER_MAX bytes.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_PROXY_HEADER_H
#define POSTERN_PROXY_LISTENER_EVENTS_PROXY_HEADER_H

#include <stddef.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/http/request.h"

#define PROXY_HEADER_MAX 4096

enum proxy_header {
	PROXY_HEADER_MORE, /* it is not complete */
	PROXY_HEADER_BAD,  /* it is none, or is longer than PROXY_HEADER_MAX */
	PROXY_HEADER_DONE
};

enum proxy_header_client {
	PROXY_HEADER_NAMED,     /* `peer` and `peer_port` */
	PROXY_HEADER_CONCEALED, /* somebody of whom the proxy knows no address */
	PROXY_HEADER_ITSELF     /* the proxy, as for a health check (LOCAL) */
};

enum proxy_header_scheme { PROXY_HEADER_UNSAID, PROXY_HEADER_PLAIN, PROXY_HEADER_SECURE };

struct proxy_header_said {
	enum proxy_header_client client;
	char peer[REQUEST_PEER_ROOM];
	int peer_port;
	enum proxy_header_scheme scheme; /* of the client, where the proxy ends TLS */
};

/*
 * Read the header at the beginning of these bytes.
 *
 * ret_said    set when it is DONE.
 * ret_length  of the header; the bytes behind it are the client's.
 */
MUST_CHECK enum proxy_header proxy_header_read(
    struct span bytes, struct proxy_header_said *ret_said, size_t *ret_length);

#endif

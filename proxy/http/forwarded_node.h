/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forwarded_node - how a forwarding header names one of the parties: "192.0.2.1",
 * "[2001:db8::1]:4711", "unknown", "_hidden" (RFC 7239 section 6).
 *
 * Uses:   request, base (cidr, digits).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_FORWARDED_NODE_H
#define POSTERN_PROXY_HTTP_FORWARDED_NODE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/http/request.h"

/*
 * Read a name, and write it as a peer is called: an address without its port and its zone, which
 * mean something to the proxy only, "unknown", or a pseudonym as it is. An IPv6 address may do
 * without brackets where it has no port. False: it is none of these.
 */
MUST_CHECK bool forwarded_node_read(struct span text, char ret_name[REQUEST_PEER_ROOM]);

#endif

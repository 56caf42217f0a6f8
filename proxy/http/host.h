/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host - the authority of a request: the value of its Host header.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_HOST_H
#define POSTERN_PROXY_HTTP_HOST_H

#include <stdbool.h>

#include "base/span.h"

/*
 * May it be repeated in a URL that others follow: a DNS name (labels of letters, digits, "-" and
 * "_", RFC 1123 section 2.1), or an IPv4 address or an IPv6 one in brackets (RFC 3986 section
 * 3.2.2), with a port of 1..65535 or none? Hosts of other forms are forwarded, but never repeated.
 */
bool host_plain(struct span host);

#endif

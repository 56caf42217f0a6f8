/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_name - the host of a Host header or of the configuration in its one spelling.
 *
 * Uses:   arena, digits.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_HOST_NAME_H
#define POSTERN_BASE_HOST_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"

/*
 * Is it a DNS name (labels of letters, digits, "-" and "_", RFC 1123 section 2.1), an IPv4 address
 * or an IPv6 one in brackets (RFC 3986 section 3.2.2), with a port of 1..65535 or none?
 *
 * ret_name  the name or address without the port; lent by `host`. May be NULL.
 */
MUST_CHECK bool host_name_plain(struct span host, struct span *ret_name);

/*
 * The same host is always the same text: in lower case, without the port and the dot of the root,
 * an IPv6 address as RFC 5952 writes it, in brackets. at == NULL: it is not plain, or no memory.
 * Lent by `host` or the arena.
 */
struct span host_name_read(struct span host, struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address - where a listener stands: "ADDRESS:PORT".
 *
 * Uses:   err.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_CONFIG_ADDRESS_H
#define POSTERN_PROXY_CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

/* One address, taken apart. */
struct address {
	bool ipv6;
	unsigned char bytes[16]; /* 4 of IPv4 */
	uint16_t port;           /* 1..65535 */
};

/* Read an IPv4 address or an IPv6 one in brackets, and a port. The engine reads more into other
 * forms, such as TLS into "8443s". The error says the rule, and what to write where that is plain.
 */
MUST_CHECK bool address_read(const char *text, struct address *ret_address, struct err *reterr);

/* Would the kernel give only one of them to a listener: the same port, and the same address, or all
 * addresses for one of them? */
bool address_clash(const struct address *a, const struct address *b);

#endif

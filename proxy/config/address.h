/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address - the address of a listener: "ADDRESS:PORT".
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

/* One address, parsed. */
struct address {
	bool ipv6;
	unsigned char bytes[16]; /* 4 of IPv4 */
	uint16_t port;           /* 1..65535 */
};

/* Read an IPv4 address or an IPv6 one in brackets, and a port. Other forms are refused because the
 * engine gives them a meaning, such as TLS for "8443s". The error states the rule, and what to
 * write where that is clear.
 */
MUST_CHECK bool address_read(const char *text, struct address *ret_address, struct err *reterr);

/* Do they conflict, so that only one listener can bind: the same port, and the same address or a
 * wildcard address? */
bool address_clash(const struct address *a, const struct address *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address - the address of a listener: "ADDRESS:PORT", "unix:/PATH" or "systemd:NAME".
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

enum address_kind {
	ADDRESS_NONE,
	ADDRESS_IPV4,
	ADDRESS_IPV6,
	ADDRESS_UNIX,   /* a file */
	ADDRESS_SYSTEMD /* sockets that systemd hands over by a name */
};

/* One address, parsed. */
struct address {
	enum address_kind kind;
	unsigned char bytes[16]; /* 4 of IPv4 */
	uint16_t port;           /* 1..65535; 0: it has none */
	const char *name;        /* the path, or the name: lent by the text */
};

/* Read an IPv4 address or an IPv6 one in brackets, and a port; an absolute path that a Unix socket
 * can have; or a name that FileDescriptorName= can have (systemd.socket(5)). Other forms are
 * refused because an engine gives them a meaning, such as TLS for "8443s". The error states the
 * rule, and what to write where that is clear.
 */
MUST_CHECK bool address_read(const char *text, struct address *ret_address, struct err *reterr);

/* Do they conflict, so that only one listener can have it: the same port, and the same address or a
 * wildcard address; or the same path or name? */
bool address_clash(const struct address *a, const struct address *b);

#endif

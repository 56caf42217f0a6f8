/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cidr - networks of IPv4 and IPv6 addresses (RFC 4632, RFC 4291 section 2.3), as configured.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_CIDR_H
#define POSTERN_BASE_CIDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/* An address of 16 bytes; IPv4 as ::ffff:a.b.c.d. */
struct cidr_address {
	unsigned char bytes[16];
};

struct cidr {
	struct cidr_address address;
	int bits; /* of the 128 that are compared */
};

/* Networks, and whether peers of Unix sockets, which have no address, belong to them. */
struct cidr_set {
	struct cidr *at;
	size_t count;
	bool has_unix;
};

/* Read a numeric address without a zone. False: it is none. */
MUST_CHECK bool cidr_address_read(struct span text, struct cidr_address *ret_address);

/* Of an address as text, with its NUL. */
#define CIDR_ADDRESS_ROOM 46

/* Write it as RFC 5952 says; of ::ffff:a.b.c.d the IPv4 address. */
void cidr_address_write(const struct cidr_address *address, char ret_text[CIDR_ADDRESS_ROOM]);

/* Read ADDRESS or ADDRESS/BITS. Bits beyond the prefix must be zero. False: reterr says why. */
MUST_CHECK bool cidr_read(struct span text, struct cidr *ret_cidr, struct err *reterr);

/* Does a peer belong to the set? `peer` is a numeric address, or the word unix. */
bool cidr_set_has(const struct cidr_set *set, struct span peer);

#endif

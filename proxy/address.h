/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address - where a listener stands: "ADDRESS:PORT".
 *
 * Uses:   nothing.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_ADDRESS_H
#define POSTERN_PROXY_ADDRESS_H

#include <stdbool.h>

/* Is it an IPv4 address or an IPv6 one in brackets, and a port of at most 65535? The engine reads
 * more into other forms, such as TLS into "8443s". */
bool address_valid(const char *text);

#endif

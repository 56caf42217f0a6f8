/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/span.h"

#define RULE "must be ADDRESS:PORT with a numeric address"

static bool
read_port(const char *text, uint16_t *ret_port)
{
	int64_t port;

	if (!digits_read(span_of(text), 5, &port) || port < 1 || port > 65535)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* What was probably meant; "" when that is not clear. */
static void
guess(const char *text, char meant[96])
{
	uint16_t port;

	meant[0] = '\0';
	if (strncmp(text, "localhost:", 10) == 0 && read_port(text + 10, &port))
		(void)snprintf(meant, 96, ": write 127.0.0.1:%u", port);
	else if ((text[0] == ':' || text[0] == '*') && read_port(text + strspn(text, "*:"), &port))
		(void)snprintf(meant, 96, ": write 0.0.0.0:%u for all addresses", port);
	else if (read_port(text, &port))
		(void)snprintf(meant, 96, ": write 0.0.0.0:%u for all addresses", port);
	else if (strncmp(text, "unix:", 5) == 0)
		(void)snprintf(meant, 96, ": this version does not listen on Unix sockets");
	else if (strstr(text, "://") != NULL)
		(void)snprintf(meant, 96, ", without a scheme");
}

bool
address_read(const char *text, struct address *ret_address, struct err *reterr)
{
	struct address address = { .ipv6 = text[0] == '[' };
	const char *colon = strrchr(text, ':');
	char host[64], meant[96];
	size_t len;

	guess(text, meant);
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return err_set(reterr, RULE "%s", meant);
	len = (size_t)(colon - text);
	if (address.ipv6 && (len < 2 || text[len - 1] != ']'))
		return err_set(reterr, RULE);
	(void)snprintf(host, sizeof(host), "%.*s", (int)(address.ipv6 ? len - 2 : len),
	    text + (address.ipv6 ? 1 : 0));
	if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, host, address.bytes) != 1)
		return err_set(reterr, RULE "%s", meant);
	if (!read_port(colon + 1, &address.port))
		return err_set(reterr, RULE ", and a port of 1..65535");
	*ret_address = address;
	return true;
}

static bool
is_any(const struct address *address)
{
	static const unsigned char any[16];

	return memcmp(address->bytes, any, sizeof(any)) == 0;
}

bool
address_clash(const struct address *a, const struct address *b)
{
	if (a->port != b->port || a->ipv6 != b->ipv6)
		return false;
	return is_any(a) || is_any(b) || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/digits.h"
#include "base/span.h"

#define RULE "must be ADDRESS:PORT with a numeric address"
#define UNIX "unix:"
#define SYSTEMD "systemd:"
#define NAME_MAX_BYTES 255

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
	else if (text[0] == '/')
		(void)snprintf(meant, 96, "; of a Unix socket " UNIX "/PATH");
	else if (strstr(text, "://") != NULL)
		(void)snprintf(meant, 96, ", without a scheme");
}

static bool
read_path(const char *path, struct address *ret_address, struct err *reterr)
{
	if (path[0] != '/' || path[strlen(path) - 1] == '/')
		return err_set(reterr, "must be the absolute path of a file: " UNIX "/PATH");
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(reterr, "must be a path of at most %zu bytes",
		    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	*ret_address = (struct address){ .kind = ADDRESS_UNIX, .name = path };
	return true;
}

static bool
read_name(const char *name, struct address *ret_address, struct err *reterr)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			len = 0;
	if (len == 0 || len > NAME_MAX_BYTES)
		return err_set(reterr,
		    "must be " SYSTEMD "NAME, as FileDescriptorName= of the .socket unit says");
	*ret_address = (struct address){ .kind = ADDRESS_SYSTEMD, .name = name };
	return true;
}

static bool
read_numeric(const char *text, struct address *ret_address, struct err *reterr)
{
	bool bracketed = text[0] == '[';
	struct address address = { .kind = bracketed ? ADDRESS_IPV6 : ADDRESS_IPV4 };
	const char *colon = strrchr(text, ':');
	char host[64], meant[96];
	size_t len;

	guess(text, meant);
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return err_set(reterr, RULE "%s", meant);
	len = (size_t)(colon - text);
	if (bracketed && (len < 2 || text[len - 1] != ']'))
		return err_set(reterr, RULE);
	(void)snprintf(host, sizeof(host), "%.*s", (int)(bracketed ? len - 2 : len),
	    text + (bracketed ? 1 : 0));
	if (inet_pton(bracketed ? AF_INET6 : AF_INET, host, address.bytes) != 1)
		return err_set(reterr, RULE "%s", meant);
	if (!read_port(colon + 1, &address.port))
		return err_set(reterr, RULE ", and a port of 1..65535");
	*ret_address = address;
	return true;
}

bool
address_read(const char *text, struct address *ret_address, struct err *reterr)
{
	if (strncmp(text, UNIX, strlen(UNIX)) == 0)
		return read_path(text + strlen(UNIX), ret_address, reterr);
	if (strncmp(text, SYSTEMD, strlen(SYSTEMD)) == 0)
		return read_name(text + strlen(SYSTEMD), ret_address, reterr);
	return read_numeric(text, ret_address, reterr);
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
	if (a->kind == ADDRESS_NONE || a->kind != b->kind || a->port != b->port)
		return false;
	if (a->name != NULL)
		return strcmp(a->name, b->name) == 0;
	return is_any(a) || is_any(b) || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

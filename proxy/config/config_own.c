/* SPDX-License-Identifier: Apache-2.0 */
/* Upstreams that are listeners of the gate itself. */
#include <stdio.h>
#include <string.h>

#include "proxy/config/address.h"
#include "proxy/config/config.h"

#define TEXT_ROOM 280

/* An address that is listened on. */
struct own {
	const char *section, *text;
};

/* "http://localhost" as an address: 127.0.0.1:80. False: it is a name that somebody else knows. */
static bool
read_origin(const char *origin, struct address *ret_address)
{
	const char *host = strstr(origin, "://");
	char text[TEXT_ROOM];
	struct err ignored;
	size_t len;

	if (host == NULL)
		return address_read(origin, ret_address, &ignored);
	host += strlen("://");
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (len == strlen("localhost") && strncmp(host, "localhost", len) == 0)
		(void)snprintf(text, sizeof(text), "127.0.0.1%s", host + len);
	else
		(void)snprintf(text, sizeof(text), "%s", host);
	if (len >= strlen(host))
		(void)strncat(text, strncmp(origin, "https", 5) == 0 ? ":443" : ":80",
		    sizeof(text) - strlen(text) - 1);
	return address_read(text, ret_address, &ignored);
}

static bool
is_loopback(const struct address *address)
{
	static const unsigned char loopback[16] = { [15] = 1 };

	return address->kind == ADDRESS_IPV4 ? address->bytes[0] == 127
					     : memcmp(address->bytes, loopback, 16) == 0;
}

/* All addresses of a machine are those of its loopback as well; which others it has is not known.
 */
static bool
is_own(const struct own *own, const struct address *origin)
{
	struct address address;
	struct err ignored;

	if (own->text == NULL || !address_read(own->text, &address, &ignored) ||
	    !address_clash(&address, origin))
		return false;
	return address.name != NULL ||
	       memcmp(address.bytes, origin->bytes, sizeof(address.bytes)) == 0 ||
	       is_loopback(origin);
}

static void
check_origin(struct config *config, const struct backend *backend, const char *text)
{
	const struct own others[] = { { "admin", config->admin }, { "metrics", config->metrics },
		{ "forward_auth", config->forward_auth.address } };
	struct address origin;
	const char *section = NULL;

	if (text == NULL || !read_origin(text, &origin))
		return;
	for (size_t i = 0; i < config->listen.count; i++)
		if (is_own(&(struct own){ "listen", config->listen.at[i] }, &origin))
			section = "listen";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (is_own(&others[i], &origin))
			section = others[i].section;
	if (section != NULL)
		mistake_by(&config->mistakes,
		    mistake_place_at_key(backend->node, MISTAKE_UPSTREAM_OWN),
		    "is the gate itself, which has this address in \"%s\": write that of the API",
		    section);
}

static void
check_backend(struct config *config, const struct backend *backend)
{
	for (size_t i = 0; backend != NULL && i < backend->origin_count; i++)
		check_origin(config, backend, backend->origins[i]);
}

void
config_own_check(struct config *config)
{
	check_backend(config, config->upstream);
	for (const struct module *one = config->policy.modules; one != NULL; one = one->next)
		check_backend(config, one->upstream);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin_guard.h"

#include "base/cidr.h"

#define HTTP_PORT "80"
#define SHOWN_MAX 128

/* A host and a port, as Host and Origin name them. */
struct authority {
	struct span host,
	    port; /* an IPv6 address in its brackets; the port that is not named is 80 */
};

static struct authority
authority_of(struct span text)
{
	size_t end = span_starts(text, SPAN("[")) ? span_find(text, ']') + 1 : span_find(text, ':');
	struct authority authority = { span_slice(text, 0, end),
		span_slice(text, end + 1, text.len) };

	if (authority.port.len == 0)
		authority.port = SPAN(HTTP_PORT);
	return authority;
}

/* A numeric address: IPv4, or IPv6 in brackets. Browsers write all others in one of these forms. */
static bool
read_numeric(struct span host, struct cidr_address *ret_address)
{
	if (!span_starts(host, SPAN("[")))
		return cidr_address_read(host, ret_address);
	host = span_slice(host, 1, host.len - 1);
	return span_find(host, ':') < host.len && cidr_address_read(host, ret_address);
}

/* 127.0.0.0/8, also as ::ffff:127.0.0.0/104, and ::1. */
static bool
is_loopback(const struct cidr_address *address)
{
	static const unsigned char ipv4[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127 };
	static const unsigned char ipv6[16] = { [15] = 1 };

	return memcmp(address->bytes, ipv4, sizeof(ipv4)) == 0 ||
	       memcmp(address->bytes, ipv6, sizeof(ipv6)) == 0;
}

/* As 16 bytes, the way cidr_address_read() gives them. */
static struct cidr_address
address_of(const struct address *own)
{
	struct cidr_address address = { { [10] = 0xff, [11] = 0xff } };

	if (own->kind == ADDRESS_IPV4)
		memcpy(address.bytes + 12, own->bytes, 4);
	else
		memcpy(address.bytes, own->bytes, sizeof(address.bytes));
	return address;
}

/* Is every address its own, as far as is known? A number needs no name server, so none of them can
 * have been rebound. */
static bool
takes_any(const struct address *own)
{
	static const unsigned char any[sizeof(own->bytes)];

	return own->kind == ADDRESS_SYSTEMD || memcmp(own->bytes, any, sizeof(any)) == 0;
}

static bool
names_listener(const struct address *own, struct span host)
{
	struct cidr_address address, here = address_of(own);

	if (span_equal_nocase(host, SPAN("localhost")) ||
	    span_equal_nocase(host, SPAN("localhost.")))
		return true;
	if (!read_numeric(host, &address))
		return false;
	return is_loopback(&address) || takes_any(own) ||
	       memcmp(address.bytes, here.bytes, sizeof(here.bytes)) == 0;
}

/* Is the page that asks one of this listener's own? The listener has no TLS. */
static bool
is_same_origin(struct span origin, struct span host)
{
	struct authority here = authority_of(host), there;

	if (!span_equal_nocase(span_slice(origin, 0, 7), SPAN("http://")))
		return false;
	there = authority_of(span_slice(origin, 7, origin.len));
	return span_equal_nocase(here.host, there.host) && span_equal(here.port, there.port);
}

/* Nobody but a program that is here itself comes by a Unix socket. */
static bool
came_by_unix(const struct request *request)
{
	return strcmp(request->peer, REQUEST_PEER_UNIX) == 0;
}

enum reason
admin_guard_check(const struct address *own, const struct request *request, struct arena *arena,
    const char **ret_detail)
{
	struct span shown = span_slice(request->host, 0, SHOWN_MAX);
	size_t origins = request_header_count(request, "Origin");
	bool named = request->host.at == NULL
			 ? request->version_minor == 0
			 : names_listener(own, authority_of(request->host).host);

	if (!named && !came_by_unix(request)) {
		*ret_detail = arena_format(arena,
		    "the admin listener answers to its own address and to localhost, not to %.*s; "
		    "metrics.address is a listener for scrapers and probes, which answers to any "
		    "name",
		    SPAN_ARG(shown));
		return REASON_ORIGIN_NOT_ALLOWED;
	}
	if (origins == 0 ||
	    (origins == 1 && is_same_origin(request_header(request, "Origin"), request->host)))
		return REASON_OK;
	*ret_detail = "the admin listener answers to no page of another origin (Origin)";
	return REASON_ORIGIN_NOT_ALLOWED;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/forwarded_node.h"

#include <stdio.h>
#include <string.h>

#include "base/cidr.h"
#include "base/digits.h"

#define ZONE_MAX 32

/* Of a zone or a pseudonym: letters, digits, ".", "_" and "-". */
static bool
all_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '_' || c == '-'))
			return false;
	}
	return text.len > 0;
}

static bool
is_pseudonym(struct span text)
{
	return text.len > 1 && text.at[0] == '_' && all_plain(text);
}

/* A number, or a pseudonym of one. */
static bool
is_port(struct span text)
{
	int64_t port;

	return (digits_read(text, 5, &port) && port <= 65535) || is_pseudonym(text);
}

/* Take the port off, if there is one. False: what stands there is none. */
static bool
take_port(struct span *text)
{
	size_t colon = span_find(*text, ':');
	struct span port = span_slice(*text, colon, text->len);

	if (span_starts(*text, SPAN("["))) {
		colon = span_find(*text, ']') + 1;
		port = span_slice(*text, colon, text->len);
	} else if (span_find(span_slice(port, 1, port.len), ':') + 1 < port.len) {
		return true; /* of an address without brackets */
	}
	if (colon > text->len || (port.len > 0 && port.at[0] != ':'))
		return false;
	*text = span_slice(*text, 0, colon);
	return port.len == 0 || is_port(span_slice(port, 1, port.len));
}

/* Take the zone of an IPv6 address off. False: it is none. */
static bool
take_zone(struct span *text)
{
	size_t percent = span_find(*text, '%');
	struct span zone = span_slice(*text, percent + 1, text->len);

	if (percent == text->len)
		return true;
	*text = span_slice(*text, 0, percent);
	if (span_starts(zone, SPAN("25"))) /* as in a URL (RFC 6874) */
		zone = span_slice(zone, 2, zone.len);
	return zone.len <= ZONE_MAX && all_plain(zone) && span_find(*text, ':') < text->len;
}

static bool
read_address(struct span text, char ret_name[REQUEST_PEER_ROOM])
{
	bool bracketed = span_starts(text, SPAN("["));
	struct cidr_address address;

	if (bracketed)
		text = span_slice(text, 1, text.len - 1);
	if (bracketed && span_find(text, ':') == text.len)
		return false;
	if (!take_zone(&text) || !cidr_address_read(text, &address))
		return false;
	cidr_address_write(&address, ret_name);
	return true;
}

bool
forwarded_node_read(struct span text, char ret_name[REQUEST_PEER_ROOM])
{
	if (!take_port(&text))
		return false;
	if (span_equal_nocase(text, SPAN("unknown")))
		text = SPAN("unknown");
	else if (!is_pseudonym(text))
		return read_address(text, ret_name);
	if (text.len >= REQUEST_PEER_ROOM)
		return false;
	memcpy(ret_name, text.at, text.len);
	ret_name[text.len] = '\0';
	return true;
}

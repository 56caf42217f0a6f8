/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rate_who.h"

#include <string.h>

#include "base/cidr.h"

#define NETWORK_BYTES 8 /* of an IPv6 address */

static bool
has(struct span text)
{
	return text.at != NULL && text.len > 0;
}

enum rate_by
rate_who_by(const struct rate *rate, const struct principal *principal)
{
	if (principal == NULL || rate->by == RATE_BY_PEER)
		return RATE_BY_PEER;
	if (rate->by == RATE_BY_CLIENT && has(principal->client))
		return RATE_BY_CLIENT;
	if (rate->by == RATE_BY_USER && principal->user != NULL)
		return RATE_BY_USER;
	return has(principal->subject) ? RATE_BY_SUBJECT : RATE_BY_PEER;
}

/* The bytes of an address that count; IPv4 is mapped into IPv6. */
static struct span
network_of(struct span peer, struct cidr_address *room)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!cidr_address_read(peer, room))
		return peer;
	if (memcmp(room->bytes, mapped, sizeof(mapped)) == 0)
		return (struct span){ (const char *)room->bytes, sizeof(room->bytes) };
	return (struct span){ (const char *)room->bytes, NETWORK_BYTES };
}

/* An issuer's name has no control character, so the NUL after it cannot be part of it. */
struct span
rate_who(const struct rate *rate, const struct principal *principal, struct span peer,
    struct arena *arena)
{
	enum rate_by by = rate_who_by(rate, principal);
	struct cidr_address address;
	struct span issuer = SPAN(""), who;
	char *text;

	if (by == RATE_BY_PEER)
		who = network_of(peer, &address);
	else if (by == RATE_BY_USER)
		who = span_of(principal->user);
	else
		who = by == RATE_BY_CLIENT ? principal->client : principal->subject;
	if ((by == RATE_BY_CLIENT || by == RATE_BY_SUBJECT) && principal->issuer != NULL)
		issuer = span_of(principal->issuer);
	text = arena_alloc(arena, issuer.len + who.len + 2);
	if (text == NULL)
		return (struct span){ 0 };
	text[0] = (char)('0' + (int)by);
	if (issuer.len > 0)
		memcpy(text + 1, issuer.at, issuer.len);
	if (who.len > 0)
		memcpy(text + 2 + issuer.len, who.at, who.len);
	return (struct span){ text, issuer.len + who.len + 2 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/digits.h"

#define IPV4_AT 12

/* ::ffff:0:0/96, where IPv4 addresses are (RFC 4291 section 2.5.5.2). */
static const unsigned char mapped[IPV4_AT] = { [10] = 0xff, [11] = 0xff };

static bool
is_mapped(const struct cidr_address *address)
{
	return memcmp(address->bytes, mapped, IPV4_AT) == 0;
}

bool
cidr_address_read(struct span text, struct cidr_address *ret_address)
{
	char room[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(room))
		return false;
	memcpy(room, text.at, text.len);
	room[text.len] = '\0';
	if (strlen(room) != text.len)
		return false;
	memcpy(ret_address->bytes, mapped, IPV4_AT);
	return inet_pton(AF_INET, room, ret_address->bytes + IPV4_AT) == 1 ||
	       inet_pton(AF_INET6, room, ret_address->bytes) == 1;
}

void
cidr_address_write(const struct cidr_address *address, char ret_text[CIDR_ADDRESS_ROOM])
{
	bool four = is_mapped(address);

	ret_text[0] = '\0';
	(void)inet_ntop(four ? AF_INET : AF_INET6, address->bytes + (four ? IPV4_AT : 0), ret_text,
	    CIDR_ADDRESS_ROOM);
}

static bool
same_bits(const struct cidr_address *a, const struct cidr_address *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return memcmp(a->bytes, b->bytes, (size_t)whole) == 0 &&
	       (rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

/* Whoever writes 10.1.2.3/8 means either the address or the network. */
static bool
is_network(const struct cidr *cidr)
{
	for (int bit = cidr->bits; bit < 128; bit++)
		if ((cidr->address.bytes[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	return true;
}

bool
cidr_read(struct span text, struct cidr *ret_cidr, struct err *reterr)
{
	size_t slash = span_find(text, '/');
	struct span bits = span_slice(text, slash + 1, text.len);
	bool four = span_find(text, ':') == text.len;
	int64_t length = four ? 32 : 128;

	if (!cidr_address_read(span_slice(text, 0, slash), &ret_cidr->address))
		return err_set(reterr, "must be an address or a network, such as 10.0.0.0/8");
	if (slash < text.len && (!digits_read(bits, 3, &length) || length > (four ? 32 : 128)))
		return err_set(reterr, "the prefix must be 0..%d bits", four ? 32 : 128);
	ret_cidr->bits = (int)length + (four ? 96 : 0);
	if (!is_network(ret_cidr))
		return err_set(reterr, "has bits beyond its prefix");
	if (!four && is_mapped(&ret_cidr->address))
		return err_set(reterr, "must be written as an IPv4 network");
	return true;
}

bool
cidr_set_has(const struct cidr_set *set, struct span peer)
{
	struct cidr_address address;

	if (span_is(peer, "unix"))
		return set->has_unix;
	if (!cidr_address_read(peer, &address))
		return false;
	for (size_t i = 0; i < set->count; i++)
		if (same_bits(&set->at[i].address, &address, set->at[i].bits))
			return true;
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/proxy_header.h"

#include <string.h>

#include "base/cidr.h"
#include "base/digits.h"

/* The longest header of version 1, with its CRLF. */
#define LINE_MAX_BYTES 107

/* Of version 2: signature, version and command, family, length. */
#define FIXED_BYTES 16
#define SIGNATURE SPAN("\r\n\r\n\0\r\nQUIT\n")

#define TYPE_TLS 0x20
#define TLS_CLIENT 1 /* in its first byte */

/* ---- version 1: a line ---- */

/* An address of that family, and nothing else. */
static bool
read_address(struct span text, bool six, struct cidr_address *ret_address)
{
	return (span_find(text, ':') < text.len) == six && cidr_address_read(text, ret_address);
}

/* The words behind TCP4 or TCP6: both addresses, both ports. */
static bool
read_words(struct span words, bool six, struct proxy_header_said *said)
{
	struct cidr_address source, target;
	struct span word[5] = { { NULL, 0 } };
	int64_t source_port, target_port;

	for (size_t i = 0; i < 5; i++)
		if (!span_cut(&words, ' ', &word[i]) != (i == 4))
			return false;
	if (!read_address(word[0], six, &source) || !read_address(word[1], six, &target) ||
	    !digits_read(word[2], 5, &source_port) || !digits_read(word[3], 5, &target_port) ||
	    source_port > 65535 || target_port > 65535)
		return false;
	said->client = PROXY_HEADER_NAMED;
	cidr_address_write(&source, said->peer);
	said->peer_port = (int)source_port;
	return true;
}

/* The line without its CRLF. */
static bool
read_line(struct span line, struct proxy_header_said *said)
{
	static const struct {
		struct span start;
		bool six;
	} families[] = { { { "PROXY TCP4 ", 11 }, false }, { { "PROXY TCP6 ", 11 }, true } };

	for (size_t i = 0; i < 2; i++)
		if (span_starts(line, families[i].start))
			return read_words(span_slice(line, families[i].start.len, line.len),
			    families[i].six, said);
	/* What stands behind it says nothing. */
	said->client = PROXY_HEADER_CONCEALED;
	return span_is(line, "PROXY UNKNOWN") || span_starts(line, SPAN("PROXY UNKNOWN "));
}

static enum proxy_header
read_version_1(struct span bytes, struct proxy_header_said *said, size_t *ret_length)
{
	size_t end = span_find(bytes, '\n');

	if (end >= LINE_MAX_BYTES)
		return PROXY_HEADER_BAD;
	if (end == bytes.len)
		return bytes.len < LINE_MAX_BYTES ? PROXY_HEADER_MORE : PROXY_HEADER_BAD;
	if (bytes.at[end - 1] != '\r' || !read_line(span_slice(bytes, 0, end - 1), said))
		return PROXY_HEADER_BAD;
	*ret_length = end + 1;
	return PROXY_HEADER_DONE;
}

/* ---- version 2: bytes ---- */

static unsigned
byte_at(struct span bytes, size_t at)
{
	return (unsigned char)bytes.at[at];
}

static size_t
number_at(struct span bytes, size_t at)
{
	return (size_t)byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

/* Source and target of a TCP connection; six: of IPv6. Returns how many bytes; 0: there are too
 * few. */
static size_t
read_addresses(struct span block, bool six, struct proxy_header_said *said)
{
	size_t each = six ? 16 : 4;
	struct cidr_address source = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (block.len < 2 * each + 4)
		return 0;
	memcpy(source.bytes + sizeof(source.bytes) - each, block.at, each);
	said->client = PROXY_HEADER_NAMED;
	cidr_address_write(&source, said->peer);
	said->peer_port = (int)number_at(block, 2 * each);
	return 2 * each + 4;
}

/* What follows the addresses: type, length, value. Only what is said of TLS matters. */
static bool
read_values(struct span rest, struct proxy_header_said *said)
{
	while (rest.len > 0) {
		size_t length;

		if (rest.len < 3)
			return false;
		length = number_at(rest, 1);
		if (rest.len - 3 < length)
			return false;
		if (byte_at(rest, 0) == TYPE_TLS && length > 0)
			said->scheme = (byte_at(rest, 3) & TLS_CLIENT) != 0 ? PROXY_HEADER_SECURE
									    : PROXY_HEADER_PLAIN;
		rest = span_slice(rest, 3 + length, rest.len);
	}
	return true;
}

/* The command PROXY: somebody else's connection, of this family. */
static bool
read_forwarded(unsigned family, struct span block, struct proxy_header_said *said)
{
	bool stream = (family & 0x0f) == 1, six = family >> 4 == 2;
	size_t addresses;

	/* No address, no protocol, or a Unix socket, whose name means something there only. */
	said->client = PROXY_HEADER_CONCEALED;
	if (family >> 4 == 0 || (family & 0x0f) == 0 || (family >> 4 == 3 && stream))
		return true;
	if (!stream || family >> 4 > 3)
		return false;
	addresses = read_addresses(block, six, said);
	return addresses > 0 && read_values(span_slice(block, addresses, block.len), said);
}

static enum proxy_header
read_version_2(struct span bytes, struct proxy_header_said *said, size_t *ret_length)
{
	size_t length;
	struct span block;
	unsigned command;

	if (bytes.len < FIXED_BYTES)
		return PROXY_HEADER_MORE;
	command = byte_at(bytes, 12);
	length = FIXED_BYTES + number_at(bytes, 14);
	if (command >> 4 != 2 || (command & 0x0f) > 1 || length > PROXY_HEADER_MAX)
		return PROXY_HEADER_BAD;
	if (bytes.len < length)
		return PROXY_HEADER_MORE;
	block = span_slice(bytes, FIXED_BYTES, length);
	said->client = PROXY_HEADER_ITSELF;
	if ((command & 0x0f) == 1 && !read_forwarded(byte_at(bytes, 13), block, said))
		return PROXY_HEADER_BAD;
	*ret_length = length;
	return PROXY_HEADER_DONE;
}

/* Do they begin so, as far as they go? */
static bool
may_begin(struct span bytes, struct span start)
{
	size_t length = bytes.len < start.len ? bytes.len : start.len;

	return span_equal(span_slice(bytes, 0, length), span_slice(start, 0, length));
}

enum proxy_header
proxy_header_read(struct span bytes, struct proxy_header_said *ret_said, size_t *ret_length)
{
	*ret_said = (struct proxy_header_said){ 0 };
	if (bytes.len == 0)
		return PROXY_HEADER_MORE;
	if (may_begin(bytes, SIGNATURE))
		return read_version_2(bytes, ret_said, ret_length);
	if (may_begin(bytes, SPAN("PROXY ")))
		return read_version_1(bytes, ret_said, ret_length);
	return PROXY_HEADER_BAD;
}

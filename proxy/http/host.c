/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/digits.h"

#define LABEL_MAX 63
#define NAME_MAX_BYTES 253

static bool
is_label(struct span label)
{
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_'))
			return false;
	}
	return label.len > 0 && label.len <= LABEL_MAX;
}

/* The dot of the root may end it. */
static bool
is_name(struct span name)
{
	struct span label;

	if (span_ends(name, SPAN(".")))
		name.len--;
	if (name.len == 0 || name.len > NAME_MAX_BYTES || span_ends(name, SPAN(".")))
		return false;
	while (name.len > 0 && span_cut(&name, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

static bool
is_ipv6(struct span bracketed)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (bracketed.len < 2 || bracketed.len - 2 >= sizeof(text))
		return false;
	memcpy(text, bracketed.at + 1, bracketed.len - 2);
	text[bracketed.len - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

bool
host_plain(struct span host)
{
	bool bracketed = span_starts(host, SPAN("["));
	size_t end = bracketed ? span_find(host, ']') + 1 : span_find(host, ':');
	int64_t port;

	if (end > host.len)
		return false;
	if (end < host.len &&
	    (host.at[end] != ':' || !digits_read(span_slice(host, end + 1, host.len), 5, &port) ||
		port < 1 || port > 65535))
		return false;
	host = span_slice(host, 0, end);
	return bracketed ? is_ipv6(host) : is_name(host);
}

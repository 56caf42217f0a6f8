/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host_name.h"

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
read_ipv6(struct span bracketed, struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	if (bracketed.len < 2 || bracketed.len - 2 >= sizeof(text))
		return false;
	memcpy(text, bracketed.at + 1, bracketed.len - 2);
	text[bracketed.len - 2] = '\0';
	return inet_pton(AF_INET6, text, address) == 1;
}

bool
host_name_plain(struct span host, struct span *ret_name)
{
	bool bracketed = span_starts(host, SPAN("["));
	size_t end = bracketed ? span_find(host, ']') + 1 : span_find(host, ':');
	struct in6_addr address;
	struct span name;
	int64_t port;

	if (end > host.len)
		return false;
	if (end < host.len &&
	    (host.at[end] != ':' || !digits_read(span_slice(host, end + 1, host.len), 5, &port) ||
		port < 1 || port > 65535))
		return false;
	name = span_slice(host, 0, end);
	if (ret_name != NULL)
		*ret_name = name;
	return bracketed ? read_ipv6(name, &address) : is_name(name);
}

static struct span
ipv6_text(struct span bracketed, struct arena *arena)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (!read_ipv6(bracketed, &address) ||
	    inet_ntop(AF_INET6, &address, text, sizeof(text)) == NULL)
		return (struct span){ 0 };
	return span_of(arena_format(arena, "[%s]", text));
}

static bool
has_capital(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= 'A' && text.at[i] <= 'Z')
			return true;
	return false;
}

static struct span
lower_case(struct span text, struct arena *arena)
{
	char *lower = arena_text(arena, text);

	for (size_t i = 0; lower != NULL && i < text.len; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	return (struct span){ lower, lower == NULL ? 0 : text.len };
}

struct span
host_name_read(struct span host, struct arena *arena)
{
	struct span name;

	if (!host_name_plain(host, &name))
		return (struct span){ 0 };
	if (span_starts(name, SPAN("[")))
		return ipv6_text(name, arena);
	if (span_ends(name, SPAN(".")))
		name.len--;
	return has_capital(name) ? lower_case(name, arena) : name;
}

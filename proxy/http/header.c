/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/header.h"

#define VALUE_MAX 4096

#define ROW(name, use) { { name, sizeof(name) - 1 }, use }

/* By length: every header is looked up here. */
static const struct {
	struct span name;
	unsigned use;
} table[] = {
	ROW("te", HEADER_HOP | HEADER_FIXED),
	ROW("host", HEADER_ASKED | HEADER_FIXED | HEADER_STAYS),
	ROW("proxy", HEADER_ASKED), /* httpoxy */
	ROW("cookie", HEADER_FIXED | HEADER_STAYS),
	ROW("expect", HEADER_ASKED | HEADER_FIXED),
	ROW("trailer", HEADER_HOP | HEADER_FIXED),
	ROW("upgrade", HEADER_HOP | HEADER_FIXED),
	ROW("forwarded", HEADER_ASKED | HEADER_FIXED),
	ROW("x-real-ip", HEADER_ASKED),
	ROW("x-postern", HEADER_ANSWER),
	ROW("connection", HEADER_HOP | HEADER_FIXED),
	ROW("keep-alive", HEADER_HOP | HEADER_FIXED),
	ROW("tracestate", HEADER_FIXED),
	ROW("traceparent", HEADER_ASKED | HEADER_FIXED),
	ROW("content-type", HEADER_STAYS),
	ROW("x-request-id", HEADER_ASKED | HEADER_ANSWER | HEADER_FIXED),
	ROW("authorization", HEADER_FIXED | HEADER_STAYS), /* forward.authorization says more */
	ROW("x-rewrite-url", HEADER_ASKED),
	ROW("content-length", HEADER_ASKED | HEADER_ANSWER | HEADER_FIXED | HEADER_STAYS),
	ROW("x-original-url", HEADER_ASKED),
	ROW("x-original-uri", HEADER_ASKED),
	ROW("x-forwarded-for", HEADER_ASKED | HEADER_FIXED),
	ROW("x-forwarded-uri", HEADER_ASKED),
	ROW("proxy-connection", HEADER_HOP),
	ROW("x-forwarded-host", HEADER_ASKED | HEADER_FIXED),
	ROW("x-forwarded-port", HEADER_ASKED),
	ROW("transfer-encoding", HEADER_HOP | HEADER_FIXED),
	ROW("x-forwarded-proto", HEADER_ASKED | HEADER_FIXED),
	ROW("x-original-method", HEADER_ASKED),
	ROW("proxy-authenticate", HEADER_HOP),
	ROW("x-forwarded-prefix", HEADER_ASKED),
	ROW("x-forwarded-server", HEADER_ASKED),
	ROW("x-forwarded-method", HEADER_ASKED),
	ROW("x-client-certificate", HEADER_ASKED | HEADER_FIXED),
	ROW("proxy-authentication-info", HEADER_HOP),
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (c == '_' || c == '.' || c == ' ' || (unsigned char)c >= 0x80)
		return '-';
	return c;
}

bool
header_same_name(struct span name, struct span owned)
{
	if (name.len != owned.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] != owned.at[i] && fold(name.at[i]) != fold(owned.at[i]))
			return false;
	return true;
}

/* Headers for a proxy (above all Proxy-Authorization) are not for the API. */
static bool
to_a_proxy(struct span name)
{
	return header_same_name(span_slice(name, 0, 6), SPAN("proxy-"));
}

/* The first row of that length, or of a greater one. */
static size_t
first_of(size_t len)
{
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table[middle].name.len < len)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned
header_use(struct span name)
{
	unsigned use = to_a_proxy(name) ? HEADER_ASKED : 0;

	for (size_t i = first_of(name.len); i < ROWS && table[i].name.len == name.len; i++)
		if (header_same_name(name, table[i].name))
			return use | table[i].use;
	return use;
}

bool
header_value_safe(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return false;
	return value.len <= VALUE_MAX;
}

/* Walk a list of options; `same` compares two of them. */
static bool
lists(struct span value, struct span option, bool (*same)(struct span, struct span))
{
	struct span piece;

	while (span_cut(&value, ',', &piece))
		if (same(span_trim(piece), option))
			return true;
	return false;
}

bool
header_lists(struct span value, struct span option)
{
	return lists(value, option, span_equal_nocase);
}

bool
header_connection_names(const struct header *headers, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(headers[i].name, SPAN("Connection")) &&
		    lists(headers[i].value, name, header_same_name))
			return true;
	return false;
}

/* Options and headers are compared only where their lengths agree. */
static void
mark_option(const struct header *headers, size_t count, struct span option, bool *listed)
{
	for (size_t i = 0; i < count; i++)
		if (headers[i].name.len == option.len && !listed[i])
			listed[i] = header_same_name(option, headers[i].name);
}

void
header_connection_mark(const struct header *headers, size_t count, bool *listed)
{
	struct span rest, option;

	for (size_t i = 0; i < count; i++)
		listed[i] = false;
	for (size_t i = 0; i < count; i++) {
		if (!span_equal_nocase(headers[i].name, SPAN("Connection")))
			continue;
		rest = headers[i].value;
		while (span_cut(&rest, ',', &option))
			mark_option(headers, count, span_trim(option), listed);
	}
}

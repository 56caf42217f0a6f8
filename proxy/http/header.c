/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/header.h"

#define VALUE_MAX 4096

/* A header is another's namesake only if it is as long. */
#define LONGEST 25
#define NAMESAKES 5 /* rows, the last of which is empty */

#define ROW(name, use) { { name, sizeof(name) - 1 }, use }

/* By length: every header is looked up here. */
/* clang-format off */
static const struct row {
	struct span name;
	unsigned use;
} table[LONGEST + 1][NAMESAKES] = {
	[2] = {
		ROW("te", HEADER_HOP | HEADER_FIXED),
	},
	[4] = {
		ROW("host", HEADER_ASKED | HEADER_FIXED | HEADER_STAYS),
	},
	[5] = {
		ROW("proxy", HEADER_ASKED), /* httpoxy */
	},
	[6] = {
		ROW("cookie", HEADER_FIXED | HEADER_STAYS),
		ROW("expect", HEADER_ASKED | HEADER_FIXED),
	},
	[7] = {
		ROW("trailer", HEADER_HOP | HEADER_FIXED),
		ROW("upgrade", HEADER_HOP | HEADER_FIXED),
	},
	[9] = {
		ROW("forwarded", HEADER_ASKED | HEADER_FIXED),
		ROW("x-real-ip", HEADER_ASKED),
		ROW("client-ip", HEADER_ASKED),
		ROW("x-postern", HEADER_ANSWER),
	},
	[10] = {
		ROW("connection", HEADER_HOP | HEADER_FIXED),
		ROW("keep-alive", HEADER_HOP | HEADER_FIXED),
		ROW("tracestate", HEADER_FIXED),
	},
	[11] = {
		ROW("x-client-ip", HEADER_ASKED),
		ROW("traceparent", HEADER_ASKED | HEADER_FIXED),
	},
	[12] = {
		ROW("content-type", HEADER_STAYS),
		ROW("x-request-id", HEADER_ASKED | HEADER_ANSWER | HEADER_FIXED),
	},
	[13] = {
		ROW("authorization", HEADER_FIXED | HEADER_STAYS), /* forward.authorization says more */
		ROW("x-rewrite-url", HEADER_ASKED),
		ROW("x-http-method", HEADER_ASKED),
	},
	[14] = {
		ROW("content-length", HEADER_ASKED | HEADER_ANSWER | HEADER_FIXED | HEADER_STAYS),
	},
	[15] = {
		ROW("x-forwarded-for", HEADER_ASKED | HEADER_FIXED),
	},
	[16] = {
		ROW("proxy-connection", HEADER_HOP),
		ROW("x-forwarded-host", HEADER_ASKED | HEADER_FIXED),
	},
	[17] = {
		ROW("transfer-encoding", HEADER_HOP | HEADER_FIXED),
		ROW("x-forwarded-proto", HEADER_ASKED | HEADER_FIXED),
		ROW("x-method-override", HEADER_ASKED),
	},
	[18] = {
		ROW("proxy-authenticate", HEADER_HOP),
	},
	[19] = {
		ROW("x-cluster-client-ip", HEADER_ASKED),
	},
	[20] = {
		ROW("x-client-certificate", HEADER_ASKED | HEADER_FIXED),
	},
	[22] = {
		ROW("x-http-method-override", HEADER_ASKED),
	},
	[25] = {
		ROW("proxy-authentication-info", HEADER_HOP),
	},
};
/* clang-format on */

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
header_same_bytes(const char *name, const char *owned, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] != owned[i] && fold(name[i]) != fold(owned[i]))
			return false;
	return true;
}

/* Headers for a proxy (above all Proxy-Authorization) are not for the API, and what proxies say of
 * a request (above all X-Forwarded-User and X-Forwarded-Client-Cert) is not for clients to say. */
static bool
of_proxies(struct span name)
{
	static const struct span starts[] = { { "proxy-", 6 }, { "x-forwarded-", 12 },
		{ "x-original-", 11 } };

	if (name.len == 0 || ((name.at[0] | 0x20) != 'p' && (name.at[0] | 0x20) != 'x'))
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (name.len >= starts[i].len &&
		    header_same_bytes(name.at, starts[i].at, starts[i].len))
			return true;
	return false;
}

unsigned
header_use(struct span name)
{
	unsigned use = of_proxies(name) ? HEADER_ASKED : 0;

	if (name.len > LONGEST)
		return use;
	for (const struct row *row = table[name.len]; row->name.len > 0; row++)
		if (header_same_name(name, row->name))
			return use | row->use;
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

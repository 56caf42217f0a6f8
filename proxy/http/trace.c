/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/trace.h"

#include <string.h>

#define PARENT "traceparent"
#define PARENT_LEN 55
#define TRACE_ID_AT 3
#define TRACE_ID_LEN 32
#define SPAN_ID_AT 36
#define SPAN_ID_LEN 16
#define FLAGS_AT 53
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:+/=@"

/* Hexadecimal digits in lower case, not all of them zero unless that is allowed. */
static bool
is_hex(struct span text, bool zeros)
{
	bool other = zeros;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		other = other || c != '0';
	}
	return other;
}

static bool
is_parent(struct span value)
{
	if (value.len < PARENT_LEN || !is_hex(span_slice(value, 0, 2), true) ||
	    value.at[2] != '-' || value.at[SPAN_ID_AT - 1] != '-' || value.at[FLAGS_AT - 1] != '-')
		return false;
	if (span_starts(value, SPAN("ff")))
		return false;
	if (value.len > PARENT_LEN &&
	    (span_starts(value, SPAN("00")) || value.at[PARENT_LEN] != '-'))
		return false;
	return is_hex(trace_id_of(value), false) &&
	       is_hex(span_slice(value, SPAN_ID_AT, SPAN_ID_AT + SPAN_ID_LEN), false) &&
	       is_hex(span_slice(value, FLAGS_AT, PARENT_LEN), true);
}

struct span
trace_parent_of(const struct request *request)
{
	struct span value = request_header(request, PARENT);

	if (value.at == NULL || request_header_count(request, PARENT) != 1 || !is_parent(value))
		return (struct span){ NULL, 0 };
	return value;
}

static char *
put_hex(char *to, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	return to;
}

void
trace_parent_make(const unsigned char random[TRACE_RANDOM_BYTES], char parent[TRACE_PARENT_ROOM])
{
	char *to = parent;

	memcpy(to, "00-", 3);
	to = put_hex(to + 3, random, TRACE_ID_LEN / 2);
	*to++ = '-';
	to = put_hex(to, random + TRACE_ID_LEN / 2, SPAN_ID_LEN / 2);
	memcpy(to, "-00", 4);
}

struct span
trace_id_of(struct span parent)
{
	return span_slice(parent, TRACE_ID_AT, TRACE_ID_AT + TRACE_ID_LEN);
}

struct span
trace_request_id(const struct request *request)
{
	struct span id = request_header(request, "X-Request-Id"), none = { NULL, 0 };

	if (id.at == NULL || request_header_count(request, "X-Request-Id") != 1 || id.len == 0 ||
	    id.len > TRACE_REQUEST_ID_MAX)
		return none;
	for (size_t i = 0; i < id.len; i++)
		if (id.at[i] == '\0' || strchr(ID_CHARACTERS, id.at[i]) == NULL)
			return none;
	return id;
}

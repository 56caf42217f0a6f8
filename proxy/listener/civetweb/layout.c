/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/layout.h"

/* The byte before the method decides whether the engine skipped white space. At the start of the
 * buffer it belongs to the allocator, and is no white space there; a sanitizer must not mind. */
__attribute__((no_sanitize("address"))) static char
byte_before(const char *at)
{
	return at[-1];
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static const char *
end_of(const char *text)
{
	return text + strlen(text);
}

/* Between a header's name and its value: the NUL that was the colon, then spaces. */
static bool
value_follows(const char *name, const char *value)
{
	const char *at = end_of(name) + 1;

	if (value < at)
		return false;
	while (at < value && *at == ' ')
		at++;
	return at == value;
}

static const char *
check_lines(const struct layout *layout, const char **end)
{
	for (size_t i = 0; i < layout->header_count; i++) {
		const char *name = layout->name(layout->headers, i);
		const char *value = layout->value(layout->headers, i);

		if (name != *end + 2)
			return "a line of the head does not end with CRLF, or is folded or hidden";
		if (!value_follows(name, value))
			return "white space before a header's colon";
		*end = end_of(value);
	}
	return NULL;
}

/* The engine ended the last line with one or two NULs; behind it only CRLF may stand, whose LF it
 * made a NUL as well. Without headers the version ends the last line. */
static bool
ends_here(const struct layout *layout, const char *end)
{
	if (layout->header_count == 0)
		return end[0] == '\0' && end[1] == '\0' && (end[2] == '\0' || end[2] == '\r') &&
		       end[3] == '\0';
	return end[0] == '\0' && end[1] == '\0' && end[2] == '\r' && end[3] == '\0';
}

const char *
layout_check(const struct layout *layout, size_t *ret_bytes)
{
	const char *end = end_of(layout->method);
	const char *wrong;

	if (is_white(byte_before(layout->method)))
		return "white space before the method";
	if (layout->uri != end + 1)
		return "more than one space after the method";
	end = end_of(layout->uri);
	if (layout->query != NULL) {
		if (layout->query != end + 1)
			return "the target contains a NUL";
		end = end_of(layout->query);
	}
	if (layout->version != end + 1 + strlen("HTTP/"))
		return "more than one space after the target";
	end = end_of(layout->version);
	wrong = check_lines(layout, &end);
	if (wrong != NULL)
		return wrong;
	*ret_bytes = (size_t)(end - layout->method) + 4;
	if (*ret_bytes > layout->held)
		return "the head is not what was received";
	if (!ends_here(layout, end))
		return "lines of the head are hidden from the parser";
	return NULL;
}

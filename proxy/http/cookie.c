/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/cookie.h"

static struct span
name_of(struct span pair)
{
	return span_trim(span_slice(pair, 0, span_find(pair, '=')));
}

static bool
has_name(struct span pair, struct span name)
{
	return span_find(pair, '=') < pair.len && span_equal(name_of(pair), name);
}

size_t
cookie_find(const struct request *request, struct span name, struct span *ret_value)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		struct span rest = request->headers[i].value, pair;

		if (!span_equal_nocase(request->headers[i].name, SPAN("Cookie")))
			continue;
		while (span_cut(&rest, ';', &pair)) {
			if (!has_name(pair, name))
				continue;
			*ret_value =
			    span_trim(span_slice(pair, span_find(pair, '=') + 1, pair.len));
			count++;
		}
	}
	return count;
}

static bool
has_one_of(struct span pair, const struct texts *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (has_name(pair, span_of(names->at[i])))
			return true;
	return false;
}

void
cookie_add_others(struct span value, const struct texts *names, struct buffer *buffer)
{
	struct span rest = value, pair;
	bool first = true;

	while (span_cut(&rest, ';', &pair)) {
		if (has_one_of(pair, names) || (first && span_trim(pair).len == 0))
			continue;
		if (!first)
			buffer_add_byte(buffer, ';');
		/* what stood before the first one is gone, and so is the blank between them */
		while (first && pair.len > 0 && (pair.at[0] == ' ' || pair.at[0] == '\t'))
			pair = span_slice(pair, 1, pair.len);
		buffer_add(buffer, pair);
		first = false;
	}
}

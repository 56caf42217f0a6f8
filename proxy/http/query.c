/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/query.h"

#include <string.h>

#include "base/digits.h"

/* Cut the next parameter off. False: there is none any more. */
static bool
cut(struct span *rest, struct span *ret_parameter)
{
	size_t end = span_find(*rest, '&');
	bool semicolon = span_find(span_slice(*rest, 0, end), ';') < end;

	return span_cut(rest, semicolon ? ';' : '&', ret_parameter);
}

/* Take one byte off the front, decoded if it is an escape. */
static char
take(struct span *text)
{
	int high = text->len > 2 ? digits_hex(text->at[1]) : -1;
	int low = text->len > 2 ? digits_hex(text->at[2]) : -1;
	bool escape = text->at[0] == '%' && high >= 0 && low >= 0;
	char byte = escape ? (char)(high * 16 + low) : text->at[0];

	*text = span_slice(*text, escape ? 3 : 1, text->len);
	return byte;
}

static bool
has_name(struct span parameter, struct span name)
{
	struct span rest = span_slice(parameter, 0, span_find(parameter, '='));

	for (size_t i = 0; i < name.len; i++)
		if (rest.len == 0 || take(&rest) != name.at[i])
			return false;
	return rest.len == 0;
}

struct span
query_of(struct span target)
{
	size_t question = span_find(target, '?');

	return question == target.len ? (struct span){ 0 }
				      : span_slice(target, question + 1, target.len);
}

size_t
query_find(struct span query, struct span name, struct span *ret_value)
{
	struct span rest = query, parameter;
	size_t count = 0;

	while (cut(&rest, &parameter)) {
		if (!has_name(parameter, name))
			continue;
		*ret_value = span_slice(parameter, span_find(parameter, '=') + 1, parameter.len);
		count++;
	}
	return count;
}

bool
query_others(struct span query, struct span name, struct arena *arena, struct span *ret_others)
{
	struct span rest = query, parameter, unused;
	bool gone = false;
	char *others;
	size_t len = 0;

	*ret_others = query;
	if (query_find(query, name, &unused) == 0)
		return true;
	others = arena_alloc(arena, query.len + 1);
	if (others == NULL)
		return false;
	while (cut(&rest, &parameter)) {
		/* with what parts it from the next one */
		size_t whole = parameter.len + (rest.at == NULL ? 0 : 1);

		gone = has_name(parameter, name);
		if (gone)
			continue;
		memcpy(others + len, parameter.at, whole);
		len += whole;
	}
	/* nothing comes any more behind what parted the last one from those that stay */
	if (gone && len > 0)
		len--;
	*ret_others = (struct span){ others, len };
	return true;
}

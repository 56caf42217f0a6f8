/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/forwarded_list.h"

#include <stdint.h>

#include "proxy/http/token_char.h"

/* Where the last or first `separator` outside of quoted strings is; text.len: nowhere. SIZE_MAX: a
 * quoted string has no end. */
static size_t
find_outside(struct span text, char separator, bool last)
{
	size_t found = text.len;
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			quoted = !quoted;
		else if (quoted && text.at[i] == '\\')
			i++;
		else if (!quoted && text.at[i] == separator && (last || found == text.len))
			found = i;
	}
	return quoted ? SIZE_MAX : found;
}

struct forwarded_list
forwarded_list_of(const struct request *request, const char *name)
{
	return (struct forwarded_list){ request, name, request->header_count, { NULL, 0 } };
}

bool
forwarded_list_back(struct forwarded_list *list, struct span *ret_entry)
{
	struct span name = span_of(list->name);
	size_t comma;

	for (; list->rest.at == NULL && list->lines > 0; list->lines--)
		if (span_equal_nocase(list->request->headers[list->lines - 1].name, name))
			list->rest = list->request->headers[list->lines - 1].value;
	if (list->rest.at == NULL)
		return false;
	comma = find_outside(list->rest, ',', true);
	*ret_entry = (struct span){ 0 };
	if (comma == SIZE_MAX)
		return true;
	if (comma == list->rest.len) {
		*ret_entry = span_trim(list->rest);
		list->rest = (struct span){ 0 };
		return true;
	}
	*ret_entry = span_trim(span_slice(list->rest, comma + 1, list->rest.len));
	list->rest.len = comma;
	return true;
}

/* A token, or what is in the quotation marks of a quoted string. */
static bool
read_value(struct span *value)
{
	if (token_char_all(*value))
		return true;
	if (value->len < 2 || value->at[0] != '"' || value->at[value->len - 1] != '"')
		return false;
	*value = span_slice(*value, 1, value->len - 1);
	return span_find(*value, '"') == value->len && span_find(*value, '\\') == value->len;
}

/* Of other parameters only the name matters. */
static bool
read_pair(struct span pair, struct forwarded_element *element)
{
	size_t equals = span_find(pair, '=');
	struct span name = span_slice(pair, 0, equals),
		    value = span_slice(pair, equals + 1, pair.len), *into;

	if (equals == pair.len || !token_char_all(name))
		return false;
	if (span_equal_nocase(name, SPAN("for")))
		into = &element->node;
	else if (span_equal_nocase(name, SPAN("proto")))
		into = &element->proto;
	else if (span_equal_nocase(name, SPAN("host")))
		into = &element->host;
	else
		return true;
	if (into->at != NULL || !read_value(&value))
		return false;
	*into = value;
	return true;
}

bool
forwarded_element_read(struct span text, struct forwarded_element *ret_element)
{
	size_t end;
	struct span pair;

	*ret_element = (struct forwarded_element){ 0 };
	if (text.len == 0)
		return false;
	for (;;) {
		end = find_outside(text, ';', false);
		if (end == SIZE_MAX)
			return false;
		pair = span_trim(span_slice(text, 0, end));
		if (pair.len > 0 && !read_pair(pair, ret_element))
			return false;
		if (end == text.len)
			return true;
		text = span_slice(text, end + 1, text.len);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "token/detail.h"

#include "base/json.h"
#include "base/json_number.h"
#include "base/utf8.h"

#define NO_MEMORY "(…)"

/* A byte takes at most four characters; then quotes, the mark of a cut and NUL. */
#define QUOTED_BYTES (4 * DETAIL_VALUE_BYTES + 2 + sizeof("…"))

static size_t
write_escaped(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	return 4;
}

/* C1 controls are as unwelcome in a terminal as C0. */
static bool
is_plain(uint32_t point)
{
	return point >= 0x20 && point != '"' && point != '\\' && (point < 0x7f || point > 0x9f);
}

const char *
detail_quote(struct arena *arena, struct span value)
{
	struct span shown = span_slice(value, 0, DETAIL_VALUE_BYTES);
	char *text = arena_alloc(arena, QUOTED_BYTES);
	size_t at = 0, written = 0;

	if (text == NULL)
		return NO_MEMORY;
	text[written++] = '"';
	while (at < shown.len) {
		uint32_t point = 0;
		size_t bytes = utf8_read(span_slice(value, at, value.len), &point);

		if (bytes > shown.len - at)
			break;
		if (bytes == 0 || !is_plain(point)) {
			written += write_escaped(text + written, (unsigned char)value.at[at++]);
			continue;
		}
		memcpy(text + written, value.at + at, bytes);
		written += bytes;
		at += bytes;
	}
	memcpy(text + written, at < value.len ? "…\"" : "\"", at < value.len ? 4 : 1);
	return text;
}

/* A list under construction. */
struct list {
	struct arena *arena;
	const char *text; /* NULL: no memory */
	size_t count;
};

static void
list_add(struct list *list, const char *item)
{
	list->count++;
	if (list->text == NULL || list->count > DETAIL_VALUES + 1)
		return;
	if (list->count == DETAIL_VALUES + 1)
		item = "…";
	list->text =
	    arena_format(list->arena, "%s%s%s", list->text, list->count == 1 ? "" : ", ", item);
}

const char *
detail_expected(struct arena *arena, const struct texts *texts)
{
	struct list list = { arena, texts->count == 1 ? "" : "one of ", 0 };

	for (size_t i = 0; i < texts->count; i++)
		list_add(&list, detail_quote(arena, span_of(texts->at[i])));
	return list.text == NULL ? NO_MEMORY : list.text;
}

static const char *
scalar(struct arena *arena, const json_t *claim)
{
	const char *text = NULL;

	switch (json_typeof(claim)) {
	case JSON_STRING:
		return detail_quote(arena, json_text(claim));
	case JSON_INTEGER:
		text = arena_format(arena, "%lld", (long long)json_integer_value(claim));
		break;
	case JSON_REAL:
		text = arena_format(arena, "%.17g", json_real_value(claim));
		break;
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		return "null";
	case JSON_ARRAY:
		return "an array";
	default:
		if (json_number_text(claim).at == NULL)
			return "an object";
		text = arena_format(arena, "%.*s",
		    (int)span_slice(json_number_text(claim), 0, DETAIL_VALUE_BYTES).len,
		    json_number_text(claim).at);
		break;
	}
	return text == NULL ? NO_MEMORY : text;
}

const char *
detail_claim(struct arena *arena, const json_t *claim)
{
	struct list list = { arena, "", 0 };
	const char *text;

	if (!json_is_array(claim))
		return scalar(arena, claim);
	for (size_t i = 0; i < json_array_size(claim) && i <= DETAIL_VALUES; i++)
		list_add(&list, scalar(arena, json_array_get(claim, i)));
	text = list.text == NULL ? NULL : arena_format(arena, "[%s]", list.text);
	return text == NULL ? NO_MEMORY : text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/form.h"

#include "base/digits.h"
#include "base/utf8.h"

bool
form_decode(struct span text, bool plus, char *out, size_t *ret_len)
{
	size_t i, len = 0;
	int high, low;

	for (i = 0; i < text.len; i++) {
		if (text.at[i] == '%') {
			if (text.len - i < 3)
				return false;
			high = digits_hex(text.at[i + 1]);
			low = digits_hex(text.at[i + 2]);
			if (high < 0 || low < 0)
				return false;
			out[len++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[len++] = (char)(plus && text.at[i] == '+' ? ' ' : text.at[i]);
		}
	}
	*ret_len = len;
	return true;
}

static bool
printable(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.at[i] < 0x21 || text.at[i] > 0x7e)
			return false;
	}
	return true;
}

static const char *
read_text(struct span text, struct arena *arena, struct span *ret_text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len;

	if (out == NULL)
		return "the body is too large";
	if (!form_decode(text, true, out, &len))
		return "the body contains an invalid percent encoding";
	*ret_text = (struct span){ out, len };
	if (!utf8_valid(*ret_text) || span_find(*ret_text, 0) < len)
		return "a parameter is not UTF-8 text";
	return NULL;
}

static bool
known(const struct form *form, struct span name)
{
	size_t i;

	for (i = 0; i < form->count; i++) {
		if (span_equal(form->fields[i].name, name))
			return true;
	}
	return false;
}

static const char *
read_field(struct span piece, struct arena *arena, struct form *form)
{
	size_t equals = span_find(piece, '=');
	struct form_field field;
	const char *wrong;

	wrong = read_text(span_slice(piece, 0, equals), arena, &field.name);
	if (wrong == NULL)
		wrong = read_text(span_slice(piece, equals + 1, piece.len), arena, &field.value);
	if (wrong != NULL)
		return wrong;
	if (field.name.len == 0)
		return "a parameter has no name";
	if (known(form, field.name))
		return "a parameter is given twice";
	if (form->count == FORM_MAX_FIELDS)
		return "there are too many parameters";
	form->fields[form->count++] = field;
	return NULL;
}

bool
form_read(struct span body, struct arena *arena, struct form *form, const char **ret_wrong)
{
	const char *wrong = NULL;
	struct span piece;

	form->count = 0;
	if (!printable(body))
		wrong = "the body contains a byte that must be encoded";
	while (wrong == NULL && span_cut(&body, '&', &piece)) {
		if (piece.len > 0)
			wrong = read_field(piece, arena, form);
	}
	if (wrong != NULL)
		*ret_wrong = wrong;
	return wrong == NULL;
}

struct span
form_get(const struct form *form, const char *name)
{
	size_t i;

	for (i = 0; i < form->count; i++) {
		if (span_is(form->fields[i].name, name) && form->fields[i].value.len > 0)
			return form->fields[i].value;
	}
	return (struct span){ NULL, 0 };
}

bool
form_has(const struct form *form, const char *name)
{
	return form_get(form, name).at != NULL;
}

static bool
charset_fits(struct span parameter)
{
	size_t equals = span_find(parameter, '=');
	struct span value = span_slice(parameter, equals + 1, parameter.len);

	if (!span_equal_nocase(span_slice(parameter, 0, equals), SPAN("charset")))
		return false;
	return span_equal_nocase(value, SPAN("utf-8")) ||
	       span_equal_nocase(value, SPAN("\"utf-8\""));
}

bool
form_content_type(struct span content_type)
{
	struct span rest = content_type, piece;

	if (!span_cut(&rest, ';', &piece) ||
	    !span_equal_nocase(span_trim(piece), SPAN("application/x-www-form-urlencoded")))
		return false;
	while (span_cut(&rest, ';', &piece)) {
		piece = span_trim(piece);
		if (piece.len > 0 && !charset_fits(piece))
			return false;
	}
	return true;
}

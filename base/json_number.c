/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* The name of the only member. No document can contain it, because jansson refuses a NUL in
 * names. */
#define NAME "\0"
#define NAME_BYTES 1

#define ESCAPED_NUL "\\u0000"

/* The state of a copy. */
struct marking {
	struct span text;
	size_t copied; /* of its bytes */
	struct buffer *into;
};

static size_t
skip_digits(struct span text, size_t at)
{
	while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
		at++;
	return at;
}

static bool
is_one_of(struct span text, size_t at, const char *bytes)
{
	return at < text.len && text.at[at] != '\0' && strchr(bytes, text.at[at]) != NULL;
}

/* RFC 8259 section 6: where the integer that starts at `at` ends; `at` when there is none. */
static size_t
integer_end(struct span text, size_t at)
{
	size_t first = at + is_one_of(text, at, "-"), end = skip_digits(text, first);
	bool leading_zero = end > first + 1 && text.at[first] == '0';

	return end == first || leading_zero ? at : end;
}

/* The end of the fraction and the exponent after an integer; `at` if there are none, or if they are
 * malformed. */
static size_t
real_end(struct span text, size_t at)
{
	size_t end = at, digits;

	if (is_one_of(text, end, ".")) {
		digits = skip_digits(text, end + 1);
		if (digits == end + 1)
			return at;
		end = digits;
	}
	if (is_one_of(text, end, "eE")) {
		size_t first = end + 1 + is_one_of(text, end + 1, "+-");

		digits = skip_digits(text, first);
		if (digits == first)
			return at;
		end = digits;
	}
	return end;
}

/* Is it out of range for both int64 and double? If memory runs out: false, and jansson refuses the
 * number. */
static bool
is_too_large(struct span number, bool integer)
{
	char *copy = strndup(number.at, number.len);
	bool large = false;

	if (copy == NULL)
		return false;
	errno = 0;
	if (integer)
		large = strtoll(copy, NULL, 10) != 0 && errno == ERANGE;
	else
		large = isinf(strtod(copy, NULL));
	free(copy);
	return large;
}

/* Step over the string that starts at `at`. False: it contains an escaped NUL. */
static bool
skip_string(struct span text, size_t at, size_t *ret_end)
{
	for (at++; at < text.len && text.at[at] != '"'; at++) {
		if (text.at[at] != '\\')
			continue;
		if (span_starts(span_slice(text, at, text.len), SPAN(ESCAPED_NUL)))
			return false;
		at++;
	}
	*ret_end = at + 1;
	return true;
}

static void
copy_until(struct marking *marking, size_t end)
{
	buffer_add(marking->into, span_slice(marking->text, marking->copied, end));
	marking->copied = end;
}

/* Step over whatever number starts at `at`, or over one byte. */
static size_t
mark_number(struct marking *marking, size_t at)
{
	size_t integer = integer_end(marking->text, at), end = integer;

	if (integer == at)
		return at + 1;
	end = real_end(marking->text, integer);
	if (is_too_large(span_slice(marking->text, at, end), end == integer)) {
		copy_until(marking, at);
		buffer_add_text(marking->into, "\"" ESCAPED_NUL);
		copy_until(marking, end);
		buffer_add_byte(marking->into, '"');
	}
	return end;
}

bool
json_number_mark(struct span text, struct buffer *into)
{
	struct marking marking = { text, 0, into };
	size_t at = 0;

	while (at < text.len) {
		if (text.at[at] != '"')
			at = mark_number(&marking, at);
		else if (!skip_string(text, at, &at))
			return false;
	}
	copy_until(&marking, text.len);
	return !into->failed;
}

static json_t *
make_number(const json_t *marked)
{
	json_t *number = json_object();
	json_t *text =
	    json_stringn_nocheck(json_string_value(marked) + 1, json_string_length(marked) - 1);

	if (json_object_setn_new_nocheck(number, NAME, NAME_BYTES, text) == 0)
		return number;
	json_decref(number);
	return NULL;
}

static bool
is_marked(const json_t *value)
{
	return json_string_length(value) > 0 && json_string_value(value)[0] == '\0';
}

/* Replace what is marked in an object or array. False: there is no memory. */
static bool
unmark_members(json_t *json)
{
	void *at = json_object_iter(json);
	bool done = true;

	for (; at != NULL && done; at = json_object_iter_next(json, at)) {
		json_t *value = json_object_iter_value(at);

		done = is_marked(value)
			   ? json_object_iter_set_new(json, at, make_number(value)) == 0
			   : unmark_members(value);
	}
	for (size_t i = 0; i < json_array_size(json) && done; i++) {
		json_t *value = json_array_get(json, i);

		done = is_marked(value) ? json_array_set_new(json, i, make_number(value)) == 0
					: unmark_members(value);
	}
	return done;
}

json_t *
json_number_unmark(json_t *json)
{
	json_t *number;

	if (!is_marked(json) && unmark_members(json))
		return json;
	number = is_marked(json) ? make_number(json) : NULL;
	json_decref(json);
	return number;
}

struct span
json_number_text(const json_t *value)
{
	const json_t *text = json_object_getn(value, NAME, NAME_BYTES);

	return (struct span){ json_string_value(text), json_string_length(text) };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_plain.h"

#define DIGITS_MAX 18 /* so that json_int_t holds the number */

/* What is left of the text. Each reader cuts what it has read off the front. */
struct plain {
	const char *at, *end;
	int depth;
};

/* The bytes that stand for themselves in a string. */
/* clang-format off */
static const unsigned char in_string[256] = {
	[' '] = 1, ['!'] = 1, ['#' ... '['] = 1, [']' ... '~'] = 1,
};
/* clang-format on */

static json_t *read_value(struct plain *plain);

/* The next byte that is not white space (RFC 8259 section 2); NUL at the end. */
static char
look(struct plain *plain)
{
	while (plain->at < plain->end && (*plain->at == ' ' || *plain->at == '\n' ||
					     *plain->at == '\t' || *plain->at == '\r'))
		plain->at++;
	return plain->at < plain->end ? *plain->at : '\0';
}

static bool
take(struct plain *plain, char wanted)
{
	if (look(plain) != wanted)
		return false;
	plain->at++;
	return true;
}

/* at == NULL: no plain string. */
static struct span
take_string(struct plain *plain)
{
	struct span string;

	if (!take(plain, '"'))
		return (struct span){ NULL, 0 };
	string.at = plain->at;
	while (plain->at < plain->end && in_string[(unsigned char)*plain->at] != 0)
		plain->at++;
	string.len = (size_t)(plain->at - string.at);
	if (plain->at == plain->end || *plain->at != '"')
		return (struct span){ NULL, 0 };
	plain->at++;
	return string;
}

static json_t *
read_string(struct plain *plain)
{
	struct span string = take_string(plain);

	return string.at == NULL ? NULL : json_stringn_nocheck(string.at, string.len);
}

static json_t *
read_number(struct plain *plain)
{
	const char *start = plain->at;
	json_int_t number = 0;

	while (plain->at < plain->end && *plain->at >= '0' && *plain->at <= '9' &&
	       plain->at - start < DIGITS_MAX)
		number = number * 10 + (*plain->at++ - '0');
	if (*start == '0' && plain->at - start > 1)
		return NULL;
	return json_integer(number);
}

static json_t *
read_word(struct plain *plain)
{
	static const struct {
		struct span text;
		json_t *(*make)(void);
	} words[] = { { { "true", 4 }, json_true }, { { "false", 5 }, json_false },
		{ { "null", 4 }, json_null } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span word = words[i].text;

		if ((size_t)(plain->end - plain->at) >= word.len &&
		    memcmp(plain->at, word.at, word.len) == 0) {
			plain->at += word.len;
			return words[i].make();
		}
	}
	return NULL;
}

/* A name that is there already is a mistake, which jansson tells. */
static bool
read_member(struct plain *plain, json_t *object)
{
	struct span name = take_string(plain);

	return name.at != NULL && take(plain, ':') &&
	       json_object_getn(object, name.at, name.len) == NULL &&
	       json_object_setn_new_nocheck(object, name.at, name.len, read_value(plain)) == 0;
}

static bool
read_element(struct plain *plain, json_t *array)
{
	return json_array_append_new(array, read_value(plain)) == 0;
}

/* The members or elements up to the closing bracket; the opening one is next. taken: `whole`; NULL:
 * no memory. */
static json_t *
read_list(
    struct plain *plain, json_t *whole, bool (*read_one)(struct plain *, json_t *), char closing)
{
	plain->at++;
	if (take(plain, closing))
		return whole;
	while (read_one(plain, whole)) {
		if (take(plain, closing))
			return whole;
		if (!take(plain, ','))
			break;
	}
	json_decref(whole);
	return NULL;
}

static json_t *
read_nested(struct plain *plain, char opening)
{
	json_t *nested = NULL;

	if (++plain->depth <= JSON_PLAIN_DEPTH)
		nested = opening == '{' ? read_list(plain, json_object(), read_member, '}')
					: read_list(plain, json_array(), read_element, ']');
	plain->depth--;
	return nested;
}

/* NULL: not plain. What follows a value shows whether it ended there: only a comma or a closing
 * bracket may. */
static json_t *
read_value(struct plain *plain)
{
	char first = look(plain);

	if (first == '{' || first == '[')
		return read_nested(plain, first);
	if (first == '"')
		return read_string(plain);
	return first >= '0' && first <= '9' ? read_number(plain) : read_word(plain);
}

json_t *
json_plain(struct span text)
{
	struct plain plain = { text.at, text.at + text.len, 0 };
	json_t *json = NULL;

	if (text.len > 0 && (look(&plain) == '{' || look(&plain) == '['))
		json = read_value(&plain);
	(void)look(&plain);
	if (json == NULL || plain.at == plain.end)
		return json;
	json_decref(json);
	return NULL;
}

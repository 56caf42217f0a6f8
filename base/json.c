/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/json_number.h"
#include "base/json_plain.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Seed now: jansson would seed when the first object is made, perhaps in two threads at once. */
/* Did an allocation of jansson fail since this was last cleared? Its parser continues after a
 * failure, and strings then lose characters. */
static _Thread_local bool starved;

static void *
note_malloc(size_t size)
{
	void *at = malloc(size);

	starved = starved || at == NULL;
	return at;
}

static void
seed(void)
{
	json_set_alloc_funcs(note_malloc, free);
	json_object_seed(0);
}

/* Step over a string; returns the place of its closing quote, or the end. */
static size_t
string_end(struct span text, size_t at)
{
	for (at++; at < text.len && text.at[at] != '"'; at++) {
		if (text.at[at] == '\\')
			at++;
	}
	return at;
}

/* Is the text nested at most JSON_MAX_DEPTH deep? Does not check that it is well-formed. */
static bool
shallow(struct span text)
{
	size_t depth = 0;

	for (size_t at = 0; at < text.len; at++) {
		char byte = text.at[at];

		if (byte == '"')
			at = string_end(text, at);
		else if ((byte == '[' || byte == '{') && ++depth > JSON_MAX_DEPTH)
			return false;
		else if ((byte == ']' || byte == '}') && depth > 0)
			depth--;
	}
	return true;
}

/* Do not use jansson's messages: they quote the text, which may be a secret. */
static const char *
rule_broken(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		return "out of memory";
	case json_error_premature_end_of_input:
		return "ends too early";
	case json_error_end_of_input_expected:
		return "unexpected data after the document";
	case json_error_invalid_utf8:
		return "is not UTF-8";
	case json_error_duplicate_key:
		return "duplicate member";
	case json_error_numeric_overflow:
		return "the number is too large, and there is no memory or a NUL character";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL character";
	default:
		return "is not JSON";
	}
}

/* Parse again a text that jansson refused only because of a number out of range (see `error`). */
static json_t *
read_large(struct span text, size_t flags, json_error_t *error)
{
	struct buffer marked;
	json_t *json = NULL;

	buffer_init(&marked, JSON_NUMBER_MARKED(text.len));
	if (json_number_mark(text, &marked)) {
		json = json_loadb(marked.at, marked.len, flags | JSON_ALLOW_NUL, error);
		json = json == NULL ? NULL : json_number_unmark(json);
	}
	buffer_wipe(&marked);
	return json;
}

/* What json_plain() leaves: by jansson, with its own limits before it. */
static json_t *
read_any(struct span text, struct err *reterr)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_error_t error;
	json_t *json;

	/* jansson skips a NUL after a number, true, false or null, and continues. */
	if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL) {
		(void)err_set(reterr, "JSON with a NUL character");
		return NULL;
	}
	if (!shallow(text)) {
		(void)err_set(reterr, "JSON of more than %d levels", JSON_MAX_DEPTH);
		return NULL;
	}
	json = json_loadb(text.at == NULL ? "" : text.at, text.len, flags, &error);
	if (json == NULL && json_error_code(&error) == json_error_numeric_overflow)
		json = read_large(text, flags, &error);
	if (json == NULL)
		(void)err_set(reterr, "JSON line %d column %d: %s", error.line, error.column,
		    rule_broken(&error));
	return json;
}

bool
json_read(struct span text, size_t max_bytes, json_t **ret_json, struct err *reterr)
{
	json_t *json;

	(void)pthread_once(&once, seed);
	if (text.len > max_bytes)
		return err_set(reterr, "JSON of more than %zu bytes", max_bytes);
	starved = false;
	json = json_plain(text);
	if (json == NULL && !starved)
		json = read_any(text, reterr);
	if (starved) {
		json_decref(json);
		return err_set(reterr, ERR_MEMORY);
	}
	if (json == NULL)
		return false;
	*ret_json = json;
	return true;
}

bool
json_read_file(const char *path, size_t max_bytes, json_t **ret_json, struct err *reterr)
{
	struct buffer buffer;
	bool done = false;

	buffer_init(&buffer, max_bytes);
	if (!file_read(path, &buffer, reterr))
		goto out;
	done = json_read(buffer_span(&buffer), max_bytes, ret_json, reterr);
	if (!done)
		(void)err_within(reterr, "%s", path);
out:
	buffer_wipe(&buffer);
	return done;
}

/* Take the next character of a pointer's token, "~0" and "~1" resolved. -1: malformed. */
static int
token_next(struct span *token)
{
	char byte = token->at[0];

	*token = span_slice(*token, 1, token->len);
	if (byte != '~')
		return (unsigned char)byte;
	if (token->len == 0 || (token->at[0] != '0' && token->at[0] != '1'))
		return -1;
	byte = token->at[0] == '0' ? '~' : '/';
	*token = span_slice(*token, 1, token->len);
	return byte;
}

static bool
token_is(struct span token, struct span key)
{
	size_t at = 0;

	while (token.len > 0 && at < key.len) {
		if (token_next(&token) != (unsigned char)key.at[at++])
			return false;
	}
	return token.len == 0 && at == key.len;
}

static json_t *
member(const json_t *object, struct span token)
{
	/* jansson iterates over non-const objects only; nothing is changed. */
	void *at = json_object_iter((json_t *)object);

	if (span_find(token, '~') == token.len)
		return json_object_getn(object, token.len == 0 ? "" : token.at, token.len);
	for (; at != NULL; at = json_object_iter_next((json_t *)object, at)) {
		struct span key = { json_object_iter_key(at), json_object_iter_key_len(at) };

		if (token_is(token, key))
			return json_object_iter_value(at);
	}
	return NULL;
}

/* RFC 6901 section 4: digits without leading zeros; "-" means the element after the last one, which
 * does not exist. */
static json_t *
element(const json_t *array, struct span token)
{
	int64_t index;

	if ((token.len > 1 && token.at[0] == '0') || !digits_read(token, 9, &index))
		return NULL;
	return json_array_get(array, (size_t)index);
}

json_t *
json_at(const json_t *root, struct span pointer)
{
	const json_t *at = root;

	if (!json_pointer_valid(pointer))
		return NULL;
	while (pointer.len > 0 && at != NULL) {
		struct span rest = span_slice(pointer, 1, pointer.len);
		struct span token = span_slice(rest, 0, span_find(rest, '/'));

		at = json_is_array(at) ? element(at, token) : member(at, token);
		pointer = span_slice(rest, token.len, rest.len);
	}
	return (json_t *)at;
}

bool
json_pointer_valid(struct span pointer)
{
	if (pointer.len > 0 && pointer.at[0] != '/')
		return false;
	while (pointer.len > 0) {
		if (token_next(&pointer) < 0)
			return false;
	}
	return true;
}

const char *
json_member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

struct span
json_text(const json_t *value)
{
	if (!json_is_string(value))
		return (struct span){ NULL, 0 };
	return (struct span){ json_string_value(value), json_string_length(value) };
}

json_t *
json_member(const json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	return json_is_null(member) ? NULL : member;
}

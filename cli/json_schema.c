/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_schema.h"

#include <stdio.h>
#include <string.h>

#define POINTER_ROOM 256
#define NOT_EMPTY 1
#define MS_OF_S 1000
#define SOCKET_URL "^(https?://|unix:/)"

const struct field json_schema_anything[] = { { .key = NULL } };

struct making {
	const struct schema_section *sections;
	bool failed;
};

static json_t *object_of(struct making *making, const char *pointer, const struct field *fields);

/* --- JSON --- */

/* Takes the value. */
static void
put(struct making *making, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		making->failed = true;
}

/* Takes the value. */
static void
add(struct making *making, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		making->failed = true;
}

static json_t *
of_type(struct making *making, const char *type)
{
	json_t *schema = json_object();

	put(making, schema, "type", json_string(type));
	return schema;
}

/* {"anyOf": [a, b]}; takes both. */
static json_t *
either(struct making *making, json_t *a, json_t *b)
{
	json_t *schema = json_object(), *any = json_array();

	add(making, any, a);
	add(making, any, b);
	put(making, schema, "anyOf", any);
	return schema;
}

/* --- single values --- */

/* Any scalar is a text in these files, a number and true too. */
static json_t *
text(struct making *making, const char *pattern)
{
	json_t *schema = json_object(), *types = json_array();

	add(making, types, json_string("string"));
	if (pattern == NULL)
		add(making, types, json_string("number"));
	if (pattern == NULL)
		add(making, types, json_string("boolean"));
	put(making, schema, "type", types);
	put(making, schema, "minLength", json_integer(NOT_EMPTY));
	if (pattern != NULL)
		put(making, schema, "pattern", json_string(pattern));
	return schema;
}

/* A number without a unit has bounds; what has one is only text to a schema. */
static json_t *
number(struct making *making, const struct field *field)
{
	json_t *schema = json_object(), *types = json_array();
	int64_t unit = field->type == FIELD_DURATION_MS ? MS_OF_S : 1;
	const char *pattern = "^[0-9]+$";

	if (field->type == FIELD_DURATION_S)
		pattern = "^[0-9]+[sSmMhHdD]?$";
	else if (field->type == FIELD_DURATION_MS)
		pattern = "^[0-9]+([mM]?[sS]|[mMhHdD])?$";
	else if (field->type == FIELD_SIZE)
		pattern = "^[0-9]+[kKmMgG]?$";
	add(making, types, json_string("integer"));
	add(making, types, json_string("string"));
	put(making, schema, "type", types);
	put(making, schema, "pattern", json_string(pattern));
	put(making, schema, "minimum", json_integer((field->min + unit - 1) / unit));
	if (field->max != 0)
		put(making, schema, "maximum", json_integer(field->max / unit));
	return schema;
}

static json_t *
word(struct making *making, const struct field *field)
{
	json_t *schema = json_object(), *words = json_array();

	for (size_t i = 0; field->words[i] != NULL; i++)
		add(making, words, json_string(field->words[i]));
	put(making, schema, "enum", words);
	return schema;
}

/* {env: NAME} or {file: PATH}. */
static json_t *
reference(struct making *making)
{
	json_t *schema = of_type(making, "object"), *properties = json_object();

	put(making, properties, "env", text(making, NULL));
	put(making, properties, "file", text(making, NULL));
	put(making, schema, "properties", properties);
	put(making, schema, "additionalProperties", json_false());
	put(making, schema, "minProperties", json_integer(1));
	put(making, schema, "maxProperties", json_integer(1));
	return schema;
}

/* One, or a list of them. */
static json_t *
texts(struct making *making, const char *pattern)
{
	json_t *list = of_type(making, "array");

	put(making, list, "items", text(making, pattern));
	return either(making, text(making, pattern), list);
}

static const char *
url_pattern(const struct field *field)
{
	return (field->url & URL_SOCKET) != 0 ? SOCKET_URL : "^https?://";
}

/* --- what is read on --- */

/* A pointer of three parts. No row's is as long as the room; one that were would be no row's. */
static void
join(char out[POINTER_ROOM], const char *front, const char *middle, const char *back)
{
	if (snprintf(out, POINTER_ROOM, "%s%s%s", front, middle, back) >= POINTER_ROOM)
		out[0] = '\0';
}

/* The rows of the section at POINTER or POINTER/SUFFIX; NULL: there is none. */
static const struct field *
section_of(const struct making *making, const char *pointer, const char *suffix)
{
	char wanted[POINTER_ROOM];

	join(wanted, pointer, suffix, "");
	for (const struct schema_section *section = making->sections; section->pointer != NULL;
	    section++)
		if (strcmp(section->pointer, wanted) == 0)
			return section->fields;
	return NULL;
}

static json_t *
section_object(struct making *making, const char *pointer, const char *suffix)
{
	char below[POINTER_ROOM];

	join(below, pointer, suffix, "");
	return object_of(making, below, section_of(making, pointer, suffix));
}

/* A value or a list of values, as in `require`. */
static json_t *
anything(struct making *making)
{
	static const char *const kinds[] = { "string", "number", "boolean", "array" };
	json_t *schema = json_object(), *types = json_array();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		add(making, types, json_string(kinds[i]));
	put(making, schema, "type", types);
	return schema;
}

static bool
needs_nothing(const struct field *fields)
{
	for (; fields->key != NULL; fields++)
		if (fields->required)
			return false;
	return true;
}

/* A section by any name. Where no key is required, nothing at all is enough. */
static json_t *
named(struct making *making, const char *pointer)
{
	json_t *schema = section_object(making, pointer, "/NAME");

	if (!needs_nothing(section_of(making, pointer, "/NAME")))
		return schema;
	return either(making, schema, of_type(making, "null"));
}

/* A section; a map of sections by names; or a map of values. */
static json_t *
map(struct making *making, const char *pointer)
{
	json_t *schema, *values;

	if (section_of(making, pointer, "") != NULL)
		return section_object(making, pointer, "");
	schema = of_type(making, "object");
	if (section_of(making, pointer, "/NAME") != NULL)
		values = named(making, pointer);
	else
		values = anything(making);
	put(making, schema, "additionalProperties", values);
	return schema;
}

static json_t *
list(struct making *making, const char *pointer)
{
	json_t *schema = of_type(making, "array");

	if (section_of(making, pointer, "/-") != NULL)
		put(making, schema, "items", section_object(making, pointer, "/-"));
	return schema;
}

/* A section, or one of the row's words. One whose first row is required, which is a URL, may be
 * that URL alone; without a section it is a reference. */
static json_t *
node(struct making *making, const char *pointer, const struct field *row)
{
	const struct field *fields = section_of(making, pointer, "");

	if (fields == NULL)
		return reference(making);
	if (row->words != NULL)
		return either(making, word(making, row), section_object(making, pointer, ""));
	if (fields->required)
		return either(
		    making, text(making, SOCKET_URL), section_object(making, pointer, ""));
	return section_object(making, pointer, "");
}

static json_t *
value_of(struct making *making, const char *pointer, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_PATH:
		return text(making, NULL);
	case FIELD_TEXTS:
		return texts(making, NULL);
	case FIELD_BOOL:
		return of_type(making, "boolean");
	case FIELD_WORD:
		return word(making, field);
	case FIELD_URL:
		return text(making, url_pattern(field));
	case FIELD_POINTER:
		return text(making, "^/");
	case FIELD_POINTERS:
		return texts(making, "^/");
	case FIELD_SECRET:
		return either(making, text(making, NULL), reference(making));
	case FIELD_MAP:
		return map(making, pointer);
	case FIELD_LIST:
		return list(making, pointer);
	case FIELD_NODE:
		return node(making, pointer, field);
	default:
		return number(making, field);
	}
}

/* --- objects --- */

/* As it would be written. */
static json_t *
default_of(const struct field *field)
{
	if (field->type == FIELD_BOOL)
		return json_boolean(strcmp(field->default_value, "true") == 0);
	return json_string(field->default_value);
}

static json_t *
property_of(struct making *making, const char *pointer, const struct field *field)
{
	char below[POINTER_ROOM];
	json_t *schema;

	join(below, pointer, "/", field->key);
	schema = value_of(making, below, field);
	put(making, schema, "description", json_string(field->help));
	if (field->default_value != NULL)
		put(making, schema, "default", default_of(field));
	return schema;
}

static json_t *
object_of(struct making *making, const char *pointer, const struct field *fields)
{
	json_t *schema = of_type(making, "object"), *properties = json_object(),
	       *required = json_array();

	if (fields == json_schema_anything) {
		json_decref(properties);
		json_decref(required);
		return schema;
	}
	for (const struct field *field = fields; field->key != NULL; field++) {
		put(making, properties, field->key, property_of(making, pointer, field));
		if (field->required)
			add(making, required, json_string(field->key));
	}
	put(making, schema, "properties", properties);
	if (json_array_size(required) > 0)
		put(making, schema, "required", required);
	else
		json_decref(required);
	put(making, schema, "additionalProperties", json_false());
	return schema;
}

json_t *
json_schema(const struct schema_section *sections, const char *title)
{
	struct making making = { .sections = sections };
	json_t *schema = json_object(), *body = section_object(&making, "", "");

	put(&making, schema, "$schema",
	    json_string("https://json-schema.org/draft/2020-12/schema"));
	put(&making, schema, "title", json_string(title));
	if (json_object_update(schema, body) != 0)
		making.failed = true;
	json_decref(body);
	if (!making.failed)
		return schema;
	json_decref(schema);
	return NULL;
}

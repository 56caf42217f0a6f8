/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/planned.h"
#include "base/secret.h"

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit seconds[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	{ "", 1 }, { NULL, 0 } };
static const struct unit millis[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { "", 1000 }, { NULL, 0 } };
static const struct unit bytes[] = { { "", 1 }, { "k", 1024 }, { "m", 1048576 },
	{ "g", 1073741824 }, { NULL, 0 } };
static const struct unit plain[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *
units_of(enum field_type type)
{
	switch (type) {
	case FIELD_DURATION_S:
		return seconds;
	case FIELD_DURATION_MS:
		return millis;
	case FIELD_SIZE:
		return bytes;
	default:
		return plain;
	}
}

bool
schema_number(struct span text, enum field_type type, int64_t *ret_value)
{
	const struct unit *unit = units_of(type);
	int64_t value;

	if (!digits_cut(&text, &value))
		return false;
	for (; unit->name != NULL; unit++)
		if (span_equal_nocase(text, span_of(unit->name)))
			return !__builtin_mul_overflow(value, unit->factor, ret_value);
	return false;
}

/* A number as it would be written: in the largest unit that divides it. */
static void
write_number(char out[32], int64_t value, enum field_type type)
{
	const struct unit *best = NULL;

	for (const struct unit *unit = units_of(type); unit->name != NULL; unit++)
		if (unit->name[0] != '\0' && value % unit->factor == 0 &&
		    (best == NULL || (value != 0 && unit->factor > best->factor)))
			best = unit;
	if (best == NULL || (value == 0 && type == FIELD_SIZE))
		(void)snprintf(out, 32, "%lld", (long long)value);
	else
		(void)snprintf(out, 32, "%lld%s", (long long)(value / best->factor), best->name);
}

/* One value being read. */
struct slot {
	const struct field *field;
	const struct node *node;
	void *into; /* where it goes */
	struct mistakes *mistakes;
};

static const char *
kind_text(enum field_type type)
{
	switch (type) {
	case FIELD_DURATION_S:
	case FIELD_DURATION_MS:
		return "must be a duration such as 30s, 10m or 24h";
	case FIELD_SIZE:
		return "must be a size such as 512, 16k or 1m";
	default:
		return "must be a whole number";
	}
}

static void
read_number(const struct slot *slot)
{
	const struct field *field = slot->field;
	char min[32], max[32];
	int64_t value;

	if (!schema_number(slot->node->text, field->type, &value)) {
		mistake_at(slot->mistakes, slot->node, "%s", kind_text(field->type));
		return;
	}
	if ((field->min != 0 || field->max != 0) && (value < field->min || value > field->max)) {
		write_number(min, field->min, field->type);
		write_number(max, field->max, field->type);
		mistake_at(slot->mistakes, slot->node, "must be %s..%s", min, max);
		return;
	}
	memcpy(slot->into, &value, sizeof(value));
}

static void
read_bool(const struct slot *slot)
{
	bool value = span_is(slot->node->text, "true");
	bool known = value || span_is(slot->node->text, "false");

	if (slot->node->quoted || !known)
		mistake_at(slot->mistakes, slot->node, "must be true or false%s",
		    known ? ", without quotes" : "");
	else
		memcpy(slot->into, &value, sizeof(value));
}

static void
read_word(const struct slot *slot)
{
	struct nearest nearest = nearest_to(slot->node->text);
	char known[256] = "", hint[NEAREST_HINT];
	size_t len = 0;

	for (int i = 0; slot->field->words[i] != NULL; i++) {
		if (span_is(slot->node->text, slot->field->words[i])) {
			memcpy(slot->into, &i, sizeof(i));
			return;
		}
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
			    i == 0 ? "" : ", ", slot->field->words[i]);
		nearest_offer(&nearest, slot->field->words[i]);
	}
	for (const struct field_alias *alias = slot->field->aliases;
	    alias != NULL && alias->typed != NULL; alias++)
		if (span_equal_nocase(slot->node->text, span_of(alias->typed)))
			nearest.word = alias->word;
	mistake_at(
	    slot->mistakes, slot->node, "must be one of %s%s", known, nearest_hint(&nearest, hint));
}

static void
read_text(const struct slot *slot)
{
	const char *text = slot->node->text.at;
	struct err err;
	struct url url;

	if (slot->field->type == FIELD_URL &&
	    !url_read(slot->node->text, slot->field->url, &url, &err)) {
		mistake_at(slot->mistakes, slot->node, "%s", err.text);
		return;
	}
	if (slot->field->type == FIELD_POINTER &&
	    (slot->node->text.at[0] != '/' || !json_pointer_valid(slot->node->text))) {
		mistake_at(slot->mistakes, slot->node, "must be a JSON Pointer such as /sub");
		return;
	}
	if (slot->field->type == FIELD_PATH)
		text = document_path(slot->mistakes->arena, slot->node, text);
	if (text == NULL)
		mistake_at(slot->mistakes, slot->node, "no memory");
	memcpy(slot->into, &text, sizeof(text));
}

static bool
is_nothing(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->quoted &&
	       (node->text.len == 0 || span_is(node->text, "~") || span_is(node->text, "null"));
}

static bool
member_valid(const struct slot *slot, const struct node *node)
{
	if (node->kind != NODE_SCALAR)
		mistake_at(slot->mistakes, node, "must be a string or a list of strings");
	else if (is_nothing(node) || node->text.len == 0)
		mistake_at(slot->mistakes, node, "must not be empty%s",
		    node->text.len == 0 ? "" : ": a name that YAML takes for nothing needs quotes");
	else if (slot->field->type == FIELD_POINTERS &&
		 (node->text.at[0] != '/' || !json_pointer_valid(node->text)))
		mistake_at(slot->mistakes, node, "must be a JSON Pointer such as /sub");
	else
		return true;
	return false;
}

static void
read_texts(const struct slot *slot)
{
	const struct node *node = slot->node;
	struct texts texts = { .node = node };
	size_t room = node->kind == NODE_LIST ? node->count : 1;

	if (node->kind == NODE_MAP) {
		mistake_at(slot->mistakes, node, "must be a string or a list of strings");
		return;
	}
	texts.at = arena_array(slot->mistakes->arena, room + 1, sizeof(char *));
	if (texts.at == NULL)
		return;
	if (node->kind == NODE_SCALAR && member_valid(slot, node))
		texts.at[texts.count++] = node->text.at;
	if (node->kind == NODE_LIST)
		for (const struct node *one = node->first; one != NULL; one = one->next)
			if (member_valid(slot, one))
				texts.at[texts.count++] = one->text.at;
	memcpy(slot->into, &texts, sizeof(texts));
}

static void
read_node(const struct slot *slot)
{
	enum field_type type = slot->field->type;

	if (type == FIELD_MAP && slot->node->kind != NODE_MAP)
		mistake_at(slot->mistakes, slot->node, "must be a map of keys");
	else if (type == FIELD_LIST && slot->node->kind != NODE_LIST)
		mistake_at(slot->mistakes, slot->node, "must be a list");
	else
		memcpy(slot->into, &slot->node, sizeof(struct node *));
}

static void
read_scalar(const struct slot *slot)
{
	if (slot->node->kind != NODE_SCALAR)
		mistake_at(slot->mistakes, slot->node, "must be a single value");
	else if (is_nothing(slot->node) || slot->node->text.len == 0)
		mistake_at_key(slot->mistakes, slot->node, "must not be empty");
	else if (slot->field->type == FIELD_BOOL)
		read_bool(slot);
	else if (slot->field->type == FIELD_WORD)
		read_word(slot);
	else if (slot->field->type == FIELD_TEXT || slot->field->type == FIELD_URL ||
		 slot->field->type == FIELD_PATH || slot->field->type == FIELD_POINTER)
		read_text(slot);
	else
		read_number(slot);
}

static void
read_slot(const struct slot *slot)
{
	switch (slot->field->type) {
	case FIELD_MAP:
	case FIELD_LIST:
	case FIELD_NODE:
		read_node(slot);
		break;
	case FIELD_TEXTS:
	case FIELD_POINTERS:
		read_texts(slot);
		break;
	case FIELD_SECRET: {
		const char *text = secret_read(slot->node, slot->mistakes);

		memcpy(slot->into, &text, sizeof(text));
		break;
	}
	default:
		read_scalar(slot);
		break;
	}
}

/* A default is parsed like a value from the file, so that both have the same meaning. */
static void
fill_default(const struct slot *slot, const struct node *map)
{
	const struct field *field = slot->field;
	struct node node = { .kind = NODE_SCALAR, .file = map == NULL ? "(default)" : map->file };
	struct slot filled = *slot;
	struct texts *texts = slot->into;

	node.text = span_of(field->default_value);
	filled.node = &node;
	read_slot(&filled);
	if (field->type == FIELD_TEXTS || field->type == FIELD_POINTERS)
		texts->node = NULL;
}

static void
tell_unknown(const struct node *node, const struct field *fields, struct mistakes *mistakes)
{
	struct mistake_place place = mistake_place_at_key(node, MISTAKE_UNKNOWN_KEY);
	struct nearest nearest = nearest_to(node->key);
	char hint[NEAREST_HINT];

	for (const struct field *field = fields; field->key != NULL; field++)
		nearest_offer(&nearest, field->key);
	if (nearest.word == NULL && planned_hint(node->key) != NULL)
		mistake_by(mistakes, place, "unknown key: %s", planned_hint(node->key));
	else if (is_nothing(node) && span_find(node->key, ':') < node->key.len)
		mistake_by(mistakes, place, "unknown key: a space must follow the colon");
	else
		mistake_by(mistakes, place, "unknown key%s", nearest_hint(&nearest, hint));
}

static const struct field *
find_field(const struct field *fields, struct span key)
{
	for (const struct field *field = fields; field->key != NULL; field++)
		if (span_is(key, field->key))
			return field;
	return NULL;
}

void
schema_read(
    const struct node *map, const struct field *fields, void *into, struct mistakes *mistakes)
{
	for (const struct field *field = fields; field->key != NULL; field++) {
		struct slot slot = { .field = field, .mistakes = mistakes };

		slot.into = (char *)into + field->offset;
		if (field->default_value != NULL)
			fill_default(&slot, map);
	}
	if (map == NULL)
		return;
	if (map->kind != NODE_MAP) {
		mistake_at(mistakes, map, "must be a map of keys");
		return;
	}
	for (const struct node *node = map->first; node != NULL; node = node->next) {
		struct slot slot = { .node = node, .mistakes = mistakes };

		slot.field = find_field(fields, node->key);
		if (slot.field == NULL) {
			tell_unknown(node, fields, mistakes);
			continue;
		}
		slot.into = (char *)into + slot.field->offset;
		read_slot(&slot);
	}
	for (const struct field *field = fields; field->key != NULL; field++)
		if (field->required && document_get(map, field->key) == NULL)
			mistake_by(mistakes, mistake_place_at_key(map, MISTAKE_MISSING_KEY),
			    "\"%s\" is missing", field->key);
}

bool
schema_texts_same(const struct texts *a, const struct texts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

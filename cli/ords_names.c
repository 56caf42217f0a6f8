/* SPDX-License-Identifier: Apache-2.0 */
/* Names that a policy and the store take. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/ords.h"

#define NAME_MAX_BYTES 120 /* of 128: room for a number */
#define NAME_ROOM 160
#define NUMBERS 100000

static const char *const kinds[] = { "role", "module", "privilege", "client" };

void
ords_note(struct ords *ords, const char *what, const char *name, const char *why)
{
	json_t *note = json_pack("{s:s, s:s, s:s}", "what", what, "name", name, "why", why);

	if (note == NULL || json_array_append_new(ords->made->notes, note) != 0)
		ords->failed = true;
}

const char *
ords_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool
byte_fits(enum ords_kind kind, unsigned char byte, bool plain)
{
	if (byte < ' ' || byte == 0x7f || strchr(",\"\\", byte) != NULL)
		return false;
	return (plain || byte < 0x80) && (kind != ORDS_CLIENT || byte != ':');
}

/* Cut at a character's beginning. */
static size_t
cut(const char *name)
{
	size_t len = strlen(name);

	if (len <= NAME_MAX_BYTES)
		return len;
	len = NAME_MAX_BYTES;
	while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
clean(enum ords_kind kind, const char *name, char out[NAME_ROOM])
{
	bool plain = utf8_plain(span_of(name));
	size_t len = cut(name);

	for (size_t i = 0; i < len; i++)
		out[i] = byte_fits(kind, (unsigned char)name[i], plain) ? name[i] : '_';
	out[len] = '\0';
	if (len == 0)
		(void)snprintf(out, NAME_ROOM, "unnamed");
	if (out[0] == ' ')
		out[0] = '_';
	if (len > 0 && out[len - 1] == ' ')
		out[len - 1] = '_';
}

bool
ords_name_fits(enum ords_kind kind, const char *name)
{
	char cleaned[NAME_ROOM];

	clean(kind, name, cleaned);
	return strcmp(cleaned, name) == 0;
}

static bool
is_taken(const json_t *names, const char *name)
{
	const char *raw;
	json_t *value;

	/* Casting const away is safe: the macro only reads. */
	json_object_foreach((json_t *)names, raw,
	    value) if (strcmp(json_string_value(value), name) == 0) return true;
	return false;
}

/* Two names may become alike: the second one gets a number. */
static void
choose(struct ords *ords, enum ords_kind kind, const char *name, char out[NAME_ROOM])
{
	char base[NAME_ROOM];
	int number = 1;

	clean(kind, name, base);
	(void)snprintf(out, NAME_ROOM, "%s", base);
	while (is_taken(ords->names[kind], out) && number < NUMBERS)
		(void)snprintf(out, NAME_ROOM, "%.120s_%d", base, ++number);
}

const char *
ords_name(struct ords *ords, enum ords_kind kind, const char *name)
{
	const json_t *known = json_object_get(ords->names[kind], name);
	char chosen[NAME_ROOM], why[NAME_ROOM + 32];

	if (known != NULL)
		return json_string_value(known);
	choose(ords, kind, name, chosen);
	if (json_object_set_new(ords->names[kind], name, json_string(chosen)) != 0) {
		ords->failed = true;
		return NULL;
	}
	if (strcmp(chosen, name) != 0) {
		(void)snprintf(why, sizeof(why), "is now called \"%s\"", chosen);
		ords_note(ords, kinds[kind], name, why);
	}
	return ords_text(ords->names[kind], name);
}

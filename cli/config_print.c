/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/hide.h"

#define POINTER_ROOM 256
#define NAME "NAME"

struct printer {
	const struct config *config;
	struct buffer *out;
};

/* --- scalars --- */

/* A text that needs no quotes in YAML, wherever it is used. */
static bool
plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '.' || c == '/' || (c == '-' && i > 0)))
			return false;
	}
	return text.len > 0;
}

static void
print_text(struct buffer *out, struct span text)
{
	buffer_add_json(out, text);
}

/* Without what `hide` hides. */
static void
print_hidden(
    struct buffer *out, const struct node *node, void (*hide)(struct span, struct buffer *))
{
	struct buffer shown;

	buffer_init(&shown, 2 * DOCUMENT_MAX_BYTES);
	hide(node->text, &shown);
	out->failed = out->failed || shown.failed;
	if (!node->quoted && plain(buffer_span(&shown)))
		buffer_add(out, buffer_span(&shown));
	else
		print_text(out, buffer_span(&shown));
	buffer_wipe(&shown);
}

static void
print_scalar(struct buffer *out, const struct node *node)
{
	print_hidden(out, node, hide_message);
}

/* Anything that was given, on one line. */
static void
print_node(struct buffer *out, const struct node *node)
{
	bool map = node->kind == NODE_MAP;

	if (node->kind == NODE_SCALAR) {
		print_scalar(out, node);
		return;
	}
	buffer_add_byte(out, map ? '{' : '[');
	for (const struct node *child = node->first; child != NULL; child = child->next) {
		if (child != node->first)
			buffer_add_text(out, ", ");
		if (map) {
			print_text(out, child->key);
			buffer_add_text(out, ": ");
		}
		print_node(out, child);
	}
	buffer_add_byte(out, map ? '}' : ']');
}

static void
print_key(struct buffer *out, int depth, const char *key)
{
	for (int i = 0; i < depth; i++)
		buffer_add_text(out, "  ");
	if (plain(span_of(key)))
		buffer_add_text(out, key);
	else
		print_text(out, span_of(key));
	buffer_add_byte(out, ':');
}

static void
print_texts(struct buffer *out, const struct texts *texts)
{
	buffer_add_byte(out, '[');
	for (size_t i = 0; i < texts->count; i++) {
		struct buffer shown;

		buffer_add_text(out, i == 0 ? "" : ", ");
		buffer_init(&shown, 2 * DOCUMENT_MAX_BYTES);
		hide_message(span_of(texts->at[i]), &shown);
		out->failed = out->failed || shown.failed;
		print_text(out, buffer_span(&shown));
		buffer_wipe(&shown);
	}
	buffer_add_byte(out, ']');
}

/* --- what presets set --- */

static void
print_algorithms(struct buffer *out, algorithm_set set)
{
	const char *comma = "";

	buffer_add_byte(out, '[');
	for (int i = 0; i < ALGORITHM_COUNT; i++) {
		if ((set & ALGORITHM_BIT(i)) == 0)
			continue;
		buffer_format(out, "%s%s", comma, algorithm_name((enum algorithm)i));
		comma = ", ";
	}
	buffer_add_byte(out, ']');
}

static int
by_pointer(const void *a, const void *b)
{
	return strcmp((*(const struct trusted_issuer_require *const *)a)->pointer,
	    (*(const struct trusted_issuer_require *const *)b)->pointer);
}

/* In the order of their pointers, so that printing what was printed gives the same. */
static void
print_require(struct buffer *out, const struct trusted_issuer_require *first)
{
	const struct trusted_issuer_require **all;
	size_t count = 0, i = 0;

	for (const struct trusted_issuer_require *one = first; one != NULL; one = one->next)
		count++;
	all = calloc(count + 1, sizeof(all[0]));
	if (all == NULL) {
		out->failed = true;
		return;
	}
	for (const struct trusted_issuer_require *one = first; one != NULL; one = one->next)
		all[i++] = one;
	qsort(all, count, sizeof(all[0]), by_pointer);
	buffer_add_byte(out, '{');
	for (i = 0; i < count; i++) {
		buffer_add_text(out, i == 0 ? "" : ", ");
		print_text(out, span_of(all[i]->pointer));
		buffer_add_text(out, ": ");
		print_texts(out, &all[i]->values);
	}
	buffer_add_byte(out, '}');
	free(all);
}

static const struct texts *
claim_of(const struct trusted_issuer *trusted_issuer, const char *key)
{
	const struct trusted_issuer_claims *claims = &trusted_issuer->claims;

	return strcmp(key, "subject") == 0  ? &claims->subject
	       : strcmp(key, "client") == 0 ? &claims->client
	       : strcmp(key, "scopes") == 0 ? &claims->scopes
	       : strcmp(key, "groups") == 0 ? &claims->groups
					    : &claims->roles;
}

/* Is it an issuer's key that its provider's preset may set? Then it is printed. */
static bool
print_preset(struct printer *printer, const struct trusted_issuer *trusted_issuer,
    const char *section, const char *key)
{
	struct buffer *out = printer->out;
	const struct texts *texts = NULL;

	if (trusted_issuer == NULL)
		return false;
	if (strcmp(section, "/issuers/" NAME "/claims") == 0)
		texts = claim_of(trusted_issuer, key);
	else if (strcmp(section, "/issuers/" NAME) != 0)
		return false;
	else if (strcmp(key, "types") == 0)
		texts = &trusted_issuer->types;
	else if (strcmp(key, "issuer_aliases") == 0)
		texts = &trusted_issuer->aliases;
	print_key(out, strcmp(section, "/issuers/" NAME) == 0 ? 2 : 3, key);
	buffer_add_byte(out, ' ');
	if (texts != NULL)
		print_texts(out, texts);
	else if (strcmp(key, "algorithms") == 0)
		print_algorithms(out, trusted_issuer->algorithms);
	else
		print_require(out, trusted_issuer->require);
	buffer_add_byte(out, '\n');
	return true;
}

static bool
of_preset(const char *section, const char *key)
{
	static const char *const keys[] = { "types", "issuer_aliases", "algorithms", "require" };

	if (strcmp(section, "/issuers/" NAME "/claims") == 0)
		return true;
	if (strcmp(section, "/issuers/" NAME) != 0)
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* --- sections --- */

static const struct field *
find_section(const char *pointer)
{
	const struct schema_section *section = config_sections();

	while (section->pointer != NULL && strcmp(section->pointer, pointer) != 0)
		section++;
	return section->pointer == NULL ? NULL : section->fields;
}

static bool
wants_something(const struct field *fields)
{
	for (const struct field *field = fields; field->key != NULL; field++)
		if (field->required)
			return true;
	return false;
}

/* The position: the section's pointer, the current issuer, the depth. */
struct place {
	const char *section;
	const struct trusted_issuer *trusted_issuer;
	int depth;
};

static void print_section(
    struct printer *printer, const struct place *place, const struct node *map);

static const struct trusted_issuer *
trusted_issuer_of(const struct config *config, struct span name)
{
	for (size_t i = 0; i < config->trusted_issuer_count; i++)
		if (trusted_issuer_is(&config->trusted_issuers[i], name.at))
			return &config->trusted_issuers[i];
	return NULL;
}

static void
print_issuers(struct printer *printer, const struct node *issuers)
{
	struct place place = { "/issuers/" NAME, NULL, 2 };

	if (issuers == NULL || issuers->first == NULL)
		return;
	buffer_add_text(printer->out, "issuers:\n");
	for (const struct node *issuer = issuers->first; issuer != NULL; issuer = issuer->next) {
		place.trusted_issuer = trusted_issuer_of(printer->config, issuer->key);
		print_key(printer->out, 1, issuer->key.at);
		buffer_add_byte(printer->out, '\n');
		print_section(printer, &place, issuer);
	}
}

/* A section: missing keys are printed with their defaults, unless a required key has none. True:
 * there is such a section. */
static bool
print_below(struct printer *printer, const struct place *place, const struct field *field,
    const struct node *map)
{
	char pointer[POINTER_ROOM];
	const struct node *given = document_get(map, field->key);
	const struct field *fields;
	struct place below = { pointer, place->trusted_issuer, place->depth + 1 };

	(void)snprintf(pointer, sizeof(pointer), "%s/%s", place->section, field->key);
	fields = find_section(pointer);
	if (fields == NULL || (given != NULL && given->kind != NODE_MAP))
		return false;
	if (given == NULL && wants_something(fields))
		return true;
	print_key(printer->out, place->depth, field->key);
	buffer_add_byte(printer->out, '\n');
	print_section(printer, &below, given);
	return true;
}

/* Given or not, these are they. */
static void
print_headers(struct printer *printer)
{
	const struct config *config = printer->config;

	buffer_add_text(printer->out, "  headers: {");
	for (size_t i = 0; i < config->header_count; i++) {
		buffer_add_text(printer->out, i == 0 ? "" : ", ");
		print_text(printer->out, span_of(config->headers[i].name));
		buffer_add_text(printer->out, ": ");
		print_text(printer->out, span_of(config->headers[i].from));
	}
	buffer_add_text(printer->out, "}\n");
}

/* The name of a database is worth reading; any other literal secret is not shown at all. */
static void
print_given(struct buffer *out, const struct field *field, const struct node *given)
{
	bool duration = field->type == FIELD_DURATION_S || field->type == FIELD_DURATION_MS;

	if (field->type == FIELD_SECRET && strcmp(field->key, "database") == 0)
		print_hidden(out, given, hide_database);
	else if (field->type == FIELD_SECRET)
		print_text(out, SPAN(HIDE_HIDDEN));
	else if (duration && strspn(given->text.at, "0123456789") == given->text.len)
		buffer_format(out, "%ss", given->text.at);
	else
		print_scalar(out, given);
}

static void
print_field(struct printer *printer, const struct place *place, const struct field *field,
    const struct node *map)
{
	const struct node *given = document_get(map, field->key);
	struct buffer *out = printer->out;

	if (strcmp(place->section, "") == 0 && strcmp(field->key, "issuers") == 0) {
		print_issuers(printer, given);
		return;
	}
	if (of_preset(place->section, field->key) &&
	    print_preset(printer, place->trusted_issuer, place->section, field->key))
		return;
	if (print_below(printer, place, field, map))
		return;
	if (strcmp(place->section, "/forward") == 0 && strcmp(field->key, "headers") == 0) {
		print_headers(printer);
		return;
	}
	if (given == NULL && field->default_value == NULL)
		return;
	print_key(out, place->depth, field->key);
	buffer_add_byte(out, ' ');
	if (given == NULL && plain(span_of(field->default_value)))
		buffer_add_text(out, field->default_value);
	else if (given == NULL)
		print_text(out, span_of(field->default_value));
	else if (given->kind == NODE_SCALAR)
		print_given(out, field, given);
	else
		print_node(out, given);
	buffer_add_byte(out, '\n');
}

static void
print_section(struct printer *printer, const struct place *place, const struct node *map)
{
	size_t before = printer->out->len;

	for (const struct field *field = find_section(place->section); field->key != NULL; field++)
		print_field(printer, place, field, map);
	/* A key without a value would be null. */
	if (printer->out->len == before && place->depth > 0) {
		printer->out->len--;
		buffer_add_text(printer->out, " {}\n");
	}
}

bool
config_print(const struct config *config, struct buffer *out, struct err *reterr)
{
	struct printer printer = { config, out };
	struct place top = { "", NULL, 0 };
	struct node *root = NULL;
	struct arena arena;
	struct mistakes mistakes = { .arena = &arena };
	bool done;

	arena_init(&arena, 64u << 20);
	done = document_read(config->path, &mistakes, &root, reterr);
	if (done && (root == NULL || mistakes.errors > 0))
		done = err_set(reterr, "%s: changed while it was read", config->path);
	if (done)
		print_section(&printer, &top, root);
	if (done && out->failed)
		done = err_set(reterr, "out of memory");
	arena_done(&arena);
	return done;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config_part.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "proxy/config/address.h"

#define ADMIN "admin"
#define ADDRESS "address"

/* --- admin.address --- */

static const char *
default_address(void)
{
	const struct schema_section *section = config_sections();
	const struct field *field;

	while (strcmp(section->pointer, "/" ADMIN) != 0)
		section++;
	field = section->fields;
	while (strcmp(field->key, ADDRESS) != 0)
		field++;
	return field->default_value;
}

/* The lines of the section `admin`, up to the next line that is not indented. Empty: not found. */
static struct span
admin_lines(struct span text)
{
	struct span section = { NULL, 0 };

	while (text.len > 0) {
		size_t len = span_find(text, '\n');
		struct span line = span_slice(text, 0, len < text.len ? len + 1 : text.len);

		if (section.at == NULL && span_starts(line, SPAN(ADMIN ":")))
			section = (struct span){ line.at, 0 };
		else if (section.at != NULL && strchr(" \t\r\n#", line.at[0]) == NULL)
			break;
		if (section.at != NULL)
			section.len += line.len;
		text = span_slice(text, line.len, text.len);
	}
	return section;
}

static bool
names_admin(struct span text)
{
	return text.at != NULL && memmem(text.at, text.len, ADMIN, strlen(ADMIN)) != NULL;
}

/* A file that was read. */
struct file_text {
	const char *path;
	struct span text;
};

/* The tree of the whole file; if that is not valid YAML, of its section `admin` alone, or NULL
 * without one. */
static bool
read_tree(const struct file_text *file, struct mistakes *mistakes, const struct node **ret_root,
    struct err *reterr)
{
	const char *path = file->path;
	struct mistakes unheard = { .arena = mistakes->arena };
	struct span section = admin_lines(file->text);
	struct node *root = NULL;

	*ret_root = NULL;
	if (!document_parse(file->text, path, mistakes, &root))
		return err_set(reterr, "%s: out of memory", path);
	if (root == NULL && section.len > 0 && !document_parse(section, path, &unheard, &root))
		return err_set(reterr, "%s: out of memory", path);
	if (root == NULL && names_admin(file->text))
		return err_set(reterr, "%s",
		    mistakes->first != NULL ? mistakes->first->text : "the file has no content");
	*ret_root = root;
	return true;
}

static bool
address_of(
    const struct file_text *file, struct arena *arena, const char **ret_address, struct err *reterr)
{
	struct mistakes mistakes = { .arena = arena };
	const struct node *root, *admin, *address;
	struct address apart;
	struct err err;

	if (!read_tree(file, &mistakes, &root, reterr))
		return false;
	admin = document_get(root, ADMIN);
	address = document_get(admin, ADDRESS);
	if (address == NULL) {
		*ret_address = default_address();
		return true;
	}
	if (address->kind != NODE_SCALAR)
		(void)err_set(&err, "must be a single value");
	if (address->kind != NODE_SCALAR || !address_read(address->text.at, &apart, &err))
		return err_set(reterr, "%s:%d:%d: /" ADMIN "/" ADDRESS ": %s", file->path,
		    address->line, address->column, err.text);
	*ret_address = address->text.at;
	return true;
}

bool
config_part_admin(
    const char *path, struct arena *arena, const char **ret_address, struct err *reterr)
{
	struct buffer text;
	bool done;

	buffer_init(&text, DOCUMENT_MAX_BYTES);
	done =
	    file_read(path, &text, reterr) &&
	    address_of(&(struct file_text){ path, buffer_span(&text) }, arena, ret_address, reterr);
	buffer_wipe(&text);
	return done;
}

/* --- mistakes --- */

/* Is an error at the node, or below it? */
static bool
mistaken(const struct config *config, const struct node *node)
{
	const char *pointer = mistake_pointer(config->mistakes.arena, node);
	size_t len = pointer == NULL ? 0 : strlen(pointer);

	if (pointer == NULL)
		return true;
	for (const struct mistake *one = config->mistakes.first; one != NULL; one = one->next) {
		const char *at = one->pointer;

		if (!one->warning && strcmp(one->file, node->file) == 0 &&
		    strncmp(at, pointer, len) == 0 && (at[len] == '\0' || at[len] == '/'))
			return true;
	}
	return false;
}

/* Does a section have a key of that name? pointer: "" or "/NAME". */
static bool
key_known(const char *pointer, struct span key)
{
	const struct schema_section *section = config_sections();

	while (strcmp(section->pointer, pointer) != 0)
		section++;
	for (const struct field *field = section->fields; field->key != NULL; field++)
		if (span_is(key, field->key))
			return true;
	return false;
}

bool
config_part_section(const struct config *config, const char *name)
{
	const struct node *section = document_get(config->root, name);

	if (section == NULL || section->kind != NODE_MAP)
		return false;
	for (const struct node *next = section->next; next != NULL; next = next->next)
		if (span_is(next->key, name))
			return false;
	return true;
}

bool
config_part_sound(const struct config *config, const char *section, const char *key)
{
	bool top = section[0] == '\0', found = false, misspelt = false;
	const struct node *parent = top ? config->root : document_get(config->root, section);
	char pointer[64];

	if (config->root == NULL)
		return false;
	(void)snprintf(pointer, sizeof(pointer), "%s%s", top ? "" : "/", section);
	for (const struct node *child = parent == NULL ? NULL : parent->first; child != NULL;
	    child = child->next) {
		if (!span_is(child->key, key))
			misspelt = misspelt || !key_known(pointer, child->key);
		else if (mistaken(config, child))
			return false;
		else
			found = true;
	}
	return found || !misspelt;
}

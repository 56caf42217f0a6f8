/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"

#include <stdio.h>
#include <stdlib.h>

#include <yaml.h>

#include "base/file.h"
#include "base/utf8.h"

/* A document being read. */
struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	struct mistakes *mistakes;
	const char *file;
	size_t nodes;
	bool failed; /* already reported */
};

static struct node *read_value(struct reading *reading, yaml_event_t *event, int depth);

/* A mistake that has a place but no node. */
static void
tell_place(struct reading *reading, yaml_mark_t mark, const char *text)
{
	struct node place = {
		.kind = NODE_MAP,
		.line = (int)mark.line + 1,
		.column = (int)mark.column + 1,
		.file = reading->file,
	};

	if (!reading->failed)
		mistake_by(reading->mistakes, mistake_place_at(&place, MISTAKE_YAML), "%s", text);
	reading->failed = true;
}

static bool
next_event(struct reading *reading, yaml_event_t *event)
{
	char text[256];

	if (reading->failed)
		return false;
	if (yaml_parser_parse(&reading->parser, event) == 1)
		return true;
	(void)snprintf(text, sizeof(text), "not YAML: %s%s%s",
	    reading->parser.problem == NULL ? "cannot be read" : reading->parser.problem,
	    reading->parser.context == NULL ? "" : " ",
	    reading->parser.context == NULL ? "" : reading->parser.context);
	tell_place(reading, reading->parser.problem_mark, text);
	return false;
}

static struct node *
new_node(struct reading *reading, const yaml_event_t *event, enum node_kind kind)
{
	struct node *node = arena_alloc(reading->arena, sizeof(*node));

	if (node == NULL || ++reading->nodes > DOCUMENT_MAX_NODES) {
		tell_place(reading, event->start_mark, "the document is too large");
		return NULL;
	}
	node->kind = kind;
	node->line = (int)event->start_mark.line + 1;
	node->column = (int)event->start_mark.column + 1;
	node->file = reading->file;
	return node;
}

static struct node *
read_scalar(struct reading *reading, const yaml_event_t *event)
{
	struct node *node = new_node(reading, event, NODE_SCALAR);
	struct span value = { (const char *)event->data.scalar.value, event->data.scalar.length };

	if (node == NULL)
		return NULL;
	if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
		tell_place(reading, event->start_mark, "anchors and tags are not supported");
	if (memchr(value.at, '\0', value.len) != NULL)
		tell_place(reading, event->start_mark, "a string must not contain NUL");
	node->text = (struct span){ arena_text(reading->arena, value), value.len };
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return node->text.at == NULL || reading->failed ? NULL : node;
}

static void
add_child(struct node *parent, struct node **last, struct node *child)
{
	child->parent = parent;
	child->index = parent->count++;
	if (*last == NULL)
		parent->first = child;
	else
		(*last)->next = child;
	*last = child;
}

static struct node *
read_list(struct reading *reading, const yaml_event_t *start, int depth)
{
	struct node *list = new_node(reading, start, NODE_LIST), *last = NULL;
	yaml_event_t event;
	bool open = list != NULL;

	while (open && next_event(reading, &event)) {
		open = event.type != YAML_SEQUENCE_END_EVENT;
		if (open) {
			struct node *child = read_value(reading, &event, depth);

			if (child != NULL)
				add_child(list, &last, child);
		}
		yaml_event_delete(&event);
	}
	return reading->failed ? NULL : list;
}

/* The key that the event is; NULL when it is none. */
static struct node *
read_key(struct reading *reading, const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(reading, event);
	tell_place(reading, event->start_mark, "a key must be a string");
	return NULL;
}

static void
name_child(const struct node *key, struct node *child)
{
	child->key = key->text;
	child->key_line = key->line;
	child->key_column = key->column;
}

static struct node *
read_map(struct reading *reading, const yaml_event_t *start, int depth)
{
	struct node *map = new_node(reading, start, NODE_MAP), *last = NULL;
	yaml_event_t event;
	bool open = map != NULL;

	while (open && next_event(reading, &event)) {
		struct node *key, *child = NULL;

		open = event.type != YAML_MAPPING_END_EVENT;
		key = open ? read_key(reading, &event) : NULL;
		yaml_event_delete(&event);
		if (key == NULL || !next_event(reading, &event))
			continue;
		child = read_value(reading, &event, depth);
		yaml_event_delete(&event);
		if (child == NULL)
			continue;
		name_child(key, child);
		add_child(map, &last, child);
	}
	return reading->failed ? NULL : map;
}

static struct node *
read_value(struct reading *reading, yaml_event_t *event, int depth)
{
	if (depth >= DOCUMENT_MAX_DEPTH) {
		tell_place(reading, event->start_mark, "nested too deeply");
		return NULL;
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reading, event);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor == NULL &&
		    event->data.sequence_start.tag == NULL)
			return read_list(reading, event, depth + 1);
		break;
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor == NULL &&
		    event->data.mapping_start.tag == NULL)
			return read_map(reading, event, depth + 1);
		break;
	default:
		break;
	}
	tell_place(reading, event->start_mark, "aliases, anchors and tags are not supported");
	return NULL;
}

/* By name, of one name by place. */
static int
compare_keys(const void *a, const void *b)
{
	const struct node *one = *(const struct node *const *)a;
	const struct node *other = *(const struct node *const *)b;
	int order = strcmp(one->key.at, other->key.at);

	if (order != 0)
		return order;
	return one->index < other->index ? -1 : 1;
}

static void
check_twice(struct mistakes *mistakes, const struct node *map)
{
	const struct node **sorted = arena_array(mistakes->arena, map->count + 1, sizeof(*sorted));
	size_t count = 0;

	if (sorted == NULL) {
		mistake_at(mistakes, map, "out of memory");
		return;
	}
	for (const struct node *child = map->first; child != NULL; child = child->next)
		sorted[count++] = child;
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sorted[i - 1]->key.at, sorted[i]->key.at) == 0)
			mistake_by(mistakes, mistake_place_at_key(sorted[i], MISTAKE_DUPLICATE_KEY),
			    "duplicate key");
}

/* Runs after the tree is complete, so that a mistake has its full pointer. */
static void
check_keys(struct mistakes *mistakes, const struct node *node)
{
	if (node->kind == NODE_MAP)
		check_twice(mistakes, node);
	for (const struct node *child = node->first; child != NULL; child = child->next) {
		if (node->kind == NODE_MAP && span_is(child->key, "<<"))
			mistake_by(mistakes, mistake_place_at_key(child, MISTAKE_YAML),
			    "merge keys are not supported");
		check_keys(mistakes, child);
	}
}

/* The stream is one document or none. */
static struct node *
read_stream(struct reading *reading)
{
	struct node *root = NULL;
	yaml_event_t event;
	bool more = true;
	int documents = 0;

	while (more && next_event(reading, &event)) {
		more = event.type != YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1)
			tell_place(reading, event.start_mark, "more than one document");
		else if (documents > 0 && more && event.type != YAML_DOCUMENT_END_EVENT &&
			 event.type != YAML_DOCUMENT_START_EVENT)
			root = read_value(reading, &event, 0);
		yaml_event_delete(&event);
	}
	return reading->failed ? NULL : root;
}

bool
document_parse(
    struct span text, const char *file, struct mistakes *mistakes, struct node **ret_root)
{
	struct reading reading = { .arena = mistakes->arena, .mistakes = mistakes };
	struct node *root;

	reading.file = arena_text(mistakes->arena, span_of(file));
	if (reading.file == NULL || yaml_parser_initialize(&reading.parser) != 1)
		return false;
	/* Some editors begin a file with a byte order mark, which is no part of its first key. */
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		text = span_slice(text, 3, text.len);
	yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &reading.parser, (const unsigned char *)(text.at == NULL ? "" : text.at), text.len);
	root = read_stream(&reading);
	yaml_parser_delete(&reading.parser);
	/* libyaml reports an empty file as an empty scalar, or as nothing at all. */
	if (root != NULL && root->kind == NODE_SCALAR && root->text.len == 0 && !root->quoted)
		root = NULL;
	if (root != NULL)
		check_keys(mistakes, root);
	*ret_root = root;
	return true;
}

bool
document_read(
    const char *path, struct mistakes *mistakes, struct node **ret_root, struct err *reterr)
{
	struct buffer buffer;
	bool done;

	buffer_init(&buffer, DOCUMENT_MAX_BYTES);
	done = file_read(path, &buffer, reterr);
	inputs_note(&mistakes->inputs, mistakes->arena,
	    (struct input){ .path = path, .readable = done }, buffer_span(&buffer));
	if (done && !document_parse(buffer_span(&buffer), path, mistakes, ret_root))
		done = err_set(reterr, "%s: out of memory", path);
	buffer_wipe(&buffer);
	return done;
}

const struct node *
document_get(const struct node *map, const char *key)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (const struct node *child = map->first; child != NULL; child = child->next)
		if (span_is(child->key, key))
			return child;
	return NULL;
}

const char *
document_path(struct arena *arena, const struct node *node, const char *relative)
{
	const char *slash = strrchr(node->file, '/');

	if (relative == NULL)
		return NULL;
	if (relative[0] == '/' || slash == NULL)
		return arena_text(arena, span_of(relative));
	return arena_format(arena, "%.*s%s", (int)(slash - node->file) + 1, node->file, relative);
}

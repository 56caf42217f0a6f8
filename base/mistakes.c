/* SPDX-License-Identifier: Apache-2.0 */
/* The mistakes of document.h: their lines, and the order in which they are reported. */
#include <stdarg.h>
#include <stdio.h>

#include "base/document.h"
#include "base/hide.h"
#include "base/printable.h"

#define VALUE_SHOWN 60
#define POINTER_PARTS 64
#define POINTER_MAX 4096u
#define LINE_MAX_BYTES 65536u
#define VALUES_MAX 64

static void
add_step(struct buffer *pointer, struct span step)
{
	buffer_add_byte(pointer, '/');
	for (size_t i = 0; i < step.len; i++) {
		if (step.at[i] == '~')
			buffer_add(pointer, SPAN("~0"));
		else if (step.at[i] == '/')
			buffer_add(pointer, SPAN("~1"));
		else
			buffer_add_byte(pointer, step.at[i]);
	}
}

/* A key of the map may be a secret, too. */
static void
add_shown_step(struct buffer *pointer, struct span step)
{
	struct buffer shown;

	buffer_init(&shown, POINTER_MAX);
	hide_message(step, &shown);
	add_step(pointer, buffer_span(&shown));
	buffer_wipe(&shown);
}

static void
add_pointer(struct buffer *pointer, const struct node *node, bool shown)
{
	const struct node *path[POINTER_PARTS];
	int count = 0;

	for (; node != NULL && node->parent != NULL && count < POINTER_PARTS; node = node->parent)
		path[count++] = node;
	while (count-- > 0) {
		if (path[count]->parent->kind == NODE_LIST)
			buffer_format(pointer, "/%zu", path[count]->index);
		else if (shown)
			add_shown_step(pointer, path[count]->key);
		else
			add_step(pointer, path[count]->key);
	}
}

const char *
mistake_pointer(struct arena *arena, const struct node *node)
{
	struct buffer pointer;
	const char *text;

	buffer_init(&pointer, POINTER_MAX);
	add_pointer(&pointer, node, false);
	text = arena_text(arena, buffer_span(&pointer));
	buffer_done(&pointer);
	return text;
}

/* Does `a` come after `b`? Files are in the order in which they were read. */
static bool
after(const struct mistakes *mistakes, const struct mistake *a, const struct mistake *b)
{
	if (strcmp(a->file, b->file) != 0) {
		for (const struct mistake *one = mistakes->first; one != NULL; one = one->next)
			if (strcmp(one->file, a->file) == 0)
				return false;
			else if (strcmp(one->file, b->file) == 0)
				return true;
	}
	return a->line != b->line ? a->line > b->line : a->column >= b->column;
}

static void
insert(struct mistakes *mistakes, struct mistake *mistake)
{
	struct mistake **link = &mistakes->first;

	while (*link != NULL && after(mistakes, mistake, *link))
		link = &(*link)->next;
	mistake->next = *link;
	*link = mistake;
	if (mistake->warning)
		mistakes->warnings++;
	else if (mistake->left_out)
		mistakes->left_out++;
	else
		mistakes->errors++;
}

static void
add_value(struct buffer *line, struct span value)
{
	struct buffer shown;

	buffer_init(&shown, 2 * DOCUMENT_MAX_BYTES);
	hide_message(value, &shown);
	printable_add(line, buffer_span(&shown), VALUE_SHOWN);
	buffer_wipe(&shown);
}

/* The parts of a message other than its text. */
struct telling {
	struct mistake_place place;
	bool left_out;
};

static const char *
mark_of(const struct mistake *mistake)
{
	if (mistake->left_out)
		return "skipped: ";
	return mistake->warning ? "warning: " : "";
}

/* What was written at a node and below it, and its name: a rule may repeat it. */
struct written {
	struct span values[VALUES_MAX];
	size_t count;
};

static void
add_written(struct written *written, struct span value)
{
	if (value.len > 0 && written->count < VALUES_MAX)
		written->values[written->count++] = value;
}

static void
collect_written(const struct node *top, struct written *written)
{
	const struct node *node = top;

	for (int visited = 0; node != NULL && visited < VALUES_MAX; visited++) {
		add_written(written, node->key);
		add_written(written, node->text);
		if (node->first != NULL) {
			node = node->first;
			continue;
		}
		while (node != top && node->next == NULL)
			node = node->parent;
		node = node == top ? NULL : node->next;
	}
}

/* Everything but its place. */
static struct mistake *
new_mistake(struct mistakes *mistakes, const struct telling *telling)
{
	const struct node *node = telling->place.node;
	struct mistake *mistake = arena_alloc(mistakes->arena, sizeof(*mistake));
	bool at_key = telling->place.at_key && node->key_line > 0;

	if (mistake == NULL)
		return NULL;
	mistake->file = node->file;
	mistake->line = at_key ? node->key_line : node->line;
	mistake->column = at_key ? node->key_column : node->column;
	mistake->rule = telling->place.rule;
	mistake->warning = mistake_rule_warns(mistake->rule);
	mistake->left_out = telling->left_out;
	return mistake;
}

static const char *
take_text(struct arena *arena, struct buffer *buffer)
{
	const char *text = arena_text(arena, buffer_span(buffer));

	buffer_done(buffer);
	return text == NULL ? "out of memory" : text;
}

static const char *
shown_pointer(struct arena *arena, const struct node *node)
{
	struct buffer pointer;

	buffer_init(&pointer, POINTER_MAX);
	add_pointer(&pointer, node, true);
	return take_text(arena, &pointer);
}

static const char *
message_of(struct arena *arena, const struct mistake_place *place, const char *text)
{
	const struct node *node = place->node;
	struct written written = { .count = 0 };
	struct buffer message;

	buffer_init(&message, 8192);
	collect_written(node, &written);
	hide_sentence(span_of(text), written.values, written.count, &message);
	if (!place->at_key && node->kind == NODE_SCALAR) {
		buffer_add_text(&message, " (found \"");
		add_value(&message, node->text);
		buffer_add_text(&message, "\")");
	}
	return take_text(arena, &message);
}

/* Names of files and keys are outside text as well as values are. */
static const char *
line_of(struct arena *arena, const struct mistake *mistake)
{
	const char *text = arena_format(arena, "%s:%d:%d: %s: %s%s", mistake->file, mistake->line,
	    mistake->column, mistake->pointer[0] == '\0' ? "/" : mistake->pointer, mark_of(mistake),
	    mistake->message);
	struct buffer line;

	buffer_init(&line, LINE_MAX_BYTES);
	printable_add(&line, span_of(text), SIZE_MAX);
	return take_text(arena, &line);
}

static void tell(struct mistakes *mistakes, const struct telling *telling, const char *rule,
    va_list arguments) PRINTF_LIKE(3, 0);

static void
tell(struct mistakes *mistakes, const struct telling *telling, const char *rule, va_list arguments)
{
	struct mistake *mistake = new_mistake(mistakes, telling);
	char text[512];

	if (mistake == NULL) {
		mistakes->errors++; /* count it even if there is no room for its text */
		return;
	}
	(void)vsnprintf(text, sizeof(text), rule, arguments);
	mistake->pointer = shown_pointer(mistakes->arena, telling->place.node);
	mistake->message = message_of(mistakes->arena, &telling->place, text);
	mistake->text = line_of(mistakes->arena, mistake);
	insert(mistakes, mistake);
}

void
mistake_at(struct mistakes *mistakes, const struct node *node, const char *rule, ...)
{
	struct telling telling = { .place.node = node };
	va_list arguments;

	va_start(arguments, rule);
	tell(mistakes, &telling, rule, arguments);
	va_end(arguments);
}

void
mistake_at_key(struct mistakes *mistakes, const struct node *node, const char *rule, ...)
{
	struct telling telling = { .place = { .node = node, .at_key = true } };
	va_list arguments;

	va_start(arguments, rule);
	tell(mistakes, &telling, rule, arguments);
	va_end(arguments);
}

void
mistake_by(struct mistakes *mistakes, struct mistake_place place, const char *text, ...)
{
	struct telling telling = { .place = place };
	va_list arguments;

	va_start(arguments, text);
	tell(mistakes, &telling, text, arguments);
	va_end(arguments);
}

void
mistake_left_out_at(struct mistakes *mistakes, const struct node *node, const char *what, ...)
{
	struct telling telling = { .place = { .node = node, .at_key = true }, .left_out = true };
	va_list arguments;

	va_start(arguments, what);
	tell(mistakes, &telling, what, arguments);
	va_end(arguments);
}

bool
mistake_name(struct mistakes *mistakes, const struct node *node)
{
	const char *wrong = node->key.len == 0 ? "needs a name" : NULL;

	for (size_t i = 0; i < node->key.len; i++) {
		unsigned char byte = (unsigned char)node->key.at[i];

		if (byte < ' ' || byte == 0x7f || byte == ',' || byte == '"' || byte == '\\')
			wrong =
			    "a name must not contain a comma, a quote, a backslash or a control "
			    "character";
	}
	if (wrong != NULL)
		mistake_at_key(mistakes, node, "%s", wrong);
	return wrong == NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/reader.h"

#include <string.h>

#include "policy/pattern_form.h"

void *
reader_array(struct reader *reader, size_t count, size_t each_bytes)
{
	void *made = arena_array(reader->arena, count > 0 ? count : 1, each_bytes);

	if (made == NULL)
		reader->failed = true;
	return made;
}

const struct node *
reader_map(const struct node *node)
{
	if (node->kind == NODE_SCALAR && !node->quoted && node->text.len == 0)
		return NULL;
	return node;
}

const struct node *
reader_text_node(const struct texts *texts, size_t i)
{
	const struct node *node = texts->node;

	if (node == NULL || node->kind != NODE_LIST)
		return node;
	node = node->first;
	for (; node != NULL && i > 0; i--)
		node = node->next;
	return node == NULL ? texts->node : node;
}

bool
reader_name(struct reader *reader, const struct node *node)
{
	return mistake_name(reader->mistakes, node);
}

bool
reader_pattern(struct reader *reader, const struct texts *texts, size_t i)
{
	struct err err;

	if (pattern_form_check(span_of(texts->at[i]), &err))
		return true;
	mistake_at(reader->mistakes, reader_text_node(texts, i), "%s", err.text);
	return false;
}

bool
reader_texts_hold(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->at[i], text) == 0)
			return true;
	return false;
}

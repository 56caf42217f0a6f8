/* SPDX-License-Identifier: Apache-2.0 */
/* A tree hangs together, keeps its limits and knows its places; mistakes come in their order. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/document.h"

#define ARENA_BYTES (64u << 20)
#define FILE_NAME "fuzz.yaml"

static size_t
check_node(const struct node *node, int depth)
{
	size_t count = 0, nodes = 1;

	MUST_HOLD(depth <= DOCUMENT_MAX_DEPTH);
	MUST_HOLD(node->line > 0 && node->column > 0 && span_is(span_of(node->file), FILE_NAME));
	if (node->kind == NODE_SCALAR)
		MUST_HOLD(node->first == NULL && node->text.at[node->text.len] == '\0' &&
			  strlen(node->text.at) == node->text.len);
	for (const struct node *child = node->first; child != NULL; child = child->next) {
		MUST_HOLD(child->parent == node && child->index == count++);
		MUST_HOLD((node->kind == NODE_MAP) == (child->key.at != NULL));
		if (node->kind == NODE_MAP)
			MUST_HOLD(child->key_line > 0 && child->key_line <= child->line &&
				  strlen(child->key.at) == child->key.len);
		nodes += check_node(child, depth + 1);
	}
	MUST_HOLD(node->count == count);
	return nodes;
}

/* A name finds its member when no mistake was told: then there is no other of that name. */
static void
check_names(struct arena *arena, const struct node *node)
{
	const char *pointer = mistake_pointer(arena, node);

	MUST_HOLD(pointer != NULL && (node->parent == NULL) == (pointer[0] == '\0'));
	for (const struct node *child = node->first; child != NULL; child = child->next) {
		if (node->kind == NODE_MAP)
			MUST_HOLD(document_get(node, child->key.at) == child);
		check_names(arena, child);
	}
}

static void
check_mistakes(const struct mistakes *mistakes)
{
	const struct mistake *last = NULL;
	size_t count = 0;

	for (const struct mistake *at = mistakes->first; at != NULL; at = at->next) {
		MUST_HOLD(at->text != NULL && strchr(at->text, '\n') == NULL);
		MUST_HOLD(last == NULL || last->line < at->line ||
			  (last->line == at->line && last->column <= at->column));
		last = at;
		count++;
	}
	MUST_HOLD(count == mistakes->errors + mistakes->warnings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;

	arena_init(&arena, ARENA_BYTES);
	MUST_HOLD(document_parse(fuzz_span(data, size), FILE_NAME, &mistakes, &root));
	fuzz_accepted = root != NULL && mistakes.errors == 0;
	if (root != NULL)
		MUST_HOLD(check_node(root, 0) <= DOCUMENT_MAX_NODES);
	if (fuzz_accepted)
		check_names(&arena, root);
	check_mistakes(&mistakes);
	arena_done(&arena);
	return 0;
}

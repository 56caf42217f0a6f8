/* SPDX-License-Identifier: Apache-2.0 */
/* A document is read, or its mistakes are told with a place. */
#include "base/document.h"

#include "fuzz.h"

static void
walk(const struct node *node, struct arena *arena)
{
	PROMISE(node->line > 0 && node->column > 0);
	(void)node_pointer(arena, node);
	for (const struct node *child = node->first; child != NULL; child = child->next) {
		PROMISE(child->parent == node);
		walk(child, arena);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mistakes mistakes = { 0 };
	struct node *root = NULL;
	struct arena arena;

	arena_init(&arena, 64u << 20);
	mistakes.arena = &arena;
	if (document_parse(fuzz_span(data, size), "f.yaml", &mistakes, &root) && root != NULL)
		walk(root, &arena);
	for (const struct mistake *one = mistakes.first; one != NULL; one = one->next)
		PROMISE(one->line > 0 && one->text != NULL);
	arena_done(&arena);
	return 0;
}

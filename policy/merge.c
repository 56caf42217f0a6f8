/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/merge.h"

static void
append(struct node *parent, struct node *child)
{
	struct node **end = &parent->first;

	while (*end != NULL)
		end = &(*end)->next;
	*end = child;
	child->next = NULL;
	child->parent = parent;
	parent->count++;
}

static struct node *
find(struct node *map, struct span key)
{
	struct node *child = map->first;

	while (child != NULL && !span_equal(child->key, key))
		child = child->next;
	return child;
}

static void
both(const struct node *node, const struct node *first, struct mistakes *mistakes)
{
	mistake_by(mistakes, mistake_place_at_key(node, MISTAKE_DUPLICATE_KEY),
	    "is also in %s:%d: it can be there once", first->file, first->key_line);
}

static void
merge_entries(struct node *into, struct node *section, struct mistakes *mistakes)
{
	struct node *next;

	for (struct node *one = section->first; one != NULL; one = next) {
		const struct node *first = find(into, one->key);

		next = one->next;
		if (first != NULL)
			both(one, first, mistakes);
		else
			append(into, one);
	}
}

/* One path is a list of one. False: no memory. */
static bool
as_list(struct node *node, struct arena *arena)
{
	struct node *only;

	if (node->kind == NODE_LIST)
		return true;
	only = arena_alloc(arena, sizeof(*only));
	if (only == NULL)
		return false;
	*only = *node;
	only->key = (struct span){ 0 };
	only->first = only->next = NULL;
	node->kind = NODE_LIST;
	node->text = (struct span){ 0 };
	node->first = NULL;
	node->count = 0;
	append(node, only);
	return true;
}

static void
merge_lists(struct node *into, struct node *list, struct mistakes *mistakes)
{
	struct node *next;

	if (!as_list(into, mistakes->arena) || !as_list(list, mistakes->arena)) {
		mistake_at(mistakes, list, "out of memory");
		return;
	}
	for (struct node *one = list->first; one != NULL; one = next) {
		next = one->next;
		append(into, one);
	}
}

static bool
is_map(const struct node *root, struct mistakes *mistakes)
{
	if (root->kind != NODE_MAP)
		mistake_at(mistakes, root, "must be a map of keys");
	return root->kind == NODE_MAP;
}

void
merge(struct node *into, struct node *root, struct mistakes *mistakes)
{
	struct node *next;

	if (!is_map(root, mistakes) || into->kind != NODE_MAP)
		return;
	for (struct node *one = root->first; one != NULL; one = next) {
		struct node *section = find(into, one->key);

		next = one->next;
		if (section == NULL)
			append(into, one);
		else if (section->kind == NODE_MAP && one->kind == NODE_MAP)
			merge_entries(section, one, mistakes);
		else if (span_is(one->key, "public") && one->kind != NODE_MAP &&
			 section->kind != NODE_MAP)
			merge_lists(section, one, mistakes);
		else
			both(one, section, mistakes);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/node_json.h"

#include "base/json.h"

static json_t *
scalar(const struct node *node)
{
	json_t *value = NULL;
	struct err err;

	if (node->quoted || !json_read(node->text, node->text.len, &value, &err))
		return json_stringn(node->text.at, node->text.len);
	return value;
}

/* A document is no deeper than DOCUMENT_MAX_DEPTH. */
json_t *
node_json(const struct node *node)
{
	bool is_map = node->kind == NODE_MAP;
	json_t *whole;

	if (node->kind == NODE_SCALAR)
		return scalar(node);
	whole = is_map ? json_object() : json_array();
	for (const struct node *child = node->first; whole != NULL && child != NULL;
	    child = child->next) {
		json_t *value = node_json(child);

		if ((is_map ? json_object_set_new(whole, child->key.at, value)
			    : json_array_append_new(whole, value)) != 0) {
			json_decref(whole);
			whole = NULL;
		}
	}
	return whole;
}

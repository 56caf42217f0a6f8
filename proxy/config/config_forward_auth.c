/* SPDX-License-Identifier: Apache-2.0 */
/* The section `forward_auth`. */
#include "proxy/config/config.h"

struct forward_auth_section {
	const char *address;
	int form;
	struct texts trusted_proxies;
};

/* In the order of enum asked_form. */
static const char *const form_words[] = { "original", "forwarded", "path", NULL };

static const struct field forward_auth_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct forward_auth_section, address),
	    .required = true,
	    .help = "ADDRESS:PORT, unix:/PATH or systemd:NAME" },
	{ .key = "form",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct forward_auth_section, form),
	    .words = form_words,
	    .default_value = "original",
	    .help = "what names the request in question" },
	{ .key = "trusted_proxies",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct forward_auth_section, trusted_proxies),
	    .required = true,
	    .help = "who may ask: networks, or the word unix" },
	{ 0 },
};

const struct field *
config_forward_auth_schema(void)
{
	return forward_auth_fields;
}

static const struct node *
node_of(const struct texts *texts, size_t i)
{
	const struct node *node = texts->node;

	if (node == NULL || node->kind != NODE_LIST)
		return node;
	node = node->first;
	while (node != NULL && node->index < i)
		node = node->next;
	return node == NULL ? texts->node : node;
}

static void
read_proxies(struct config *config, const struct texts *texts, struct cidr_set *set)
{
	struct err err;

	if (texts->node != NULL && texts->count == 0)
		mistake_at_key(&config->mistakes, texts->node, "must not be empty");
	set->at = arena_array(&config->arena, texts->count + 1, sizeof(*set->at));
	for (size_t i = 0; set->at != NULL && i < texts->count; i++) {
		if (strcmp(texts->at[i], "unix") == 0)
			set->has_unix = true;
		else if (cidr_read(span_of(texts->at[i]), &set->at[set->count], &err))
			set->count++;
		else
			mistake_at(&config->mistakes, node_of(texts, i), "%s", err.text);
	}
}

void
config_forward_auth_read(struct config *config, const struct node *map)
{
	struct forward_auth_section section = { 0 };

	if (map == NULL)
		return;
	schema_read(map, forward_auth_fields, &section, &config->mistakes);
	config->forward_auth.address = section.address;
	config->forward_auth.form = (enum asked_form)section.form;
	read_proxies(config, &section.trusted_proxies, &config->forward_auth.proxies);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_say.h"

#include <stdarg.h>

#include "policy/module.h"

#define FEW 5
#define NO_MEMORY "…"

void
remedy_say(const struct remedy *remedy, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)json_array_append_new(remedy->list, json_vsprintf(format, values));
	va_end(values);
}

void
remedy_say_proxies(const struct remedy *remedy, const char *what)
{
	const struct node *root = remedy->snapshot->config->root;

	remedy_say(remedy,
	    "if a proxy stands in front of the gate, list its address in listen.trusted_proxies "
	    "(%s): until then %s; trusted_headers beside it says which headers it sets",
	    remedy_place(remedy, document_get(root, "listen"), "trusted_proxies"), what);
}

const char *
remedy_text(const struct remedy *remedy, const char *key)
{
	return json_string_value(json_object_get(remedy->said, key));
}

const struct trusted_issuer *
remedy_issuer(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;
	const char *name = remedy_text(remedy, "issuer");

	for (size_t i = 0; name != NULL && i < config->trusted_issuer_count; i++)
		if (strcmp(config->trusted_issuers[i].name, name) == 0)
			return &config->trusted_issuers[i];
	return NULL;
}

const struct module *
remedy_module(const struct remedy *remedy)
{
	const char *name = remedy_text(remedy, "module");

	return name == NULL ? NULL : module_find(&remedy->snapshot->config->policy, name);
}

const struct privilege *
remedy_privilege(const struct remedy *remedy)
{
	const struct privilege *one = remedy->snapshot->config->policy.privileges;
	const char *name = remedy_text(remedy, "privilege");

	while (name != NULL && one != NULL && strcmp(one->name, name) != 0)
		one = one->next;
	return name == NULL ? NULL : one;
}

const char *
remedy_place(const struct remedy *remedy, const struct node *map, const char *key)
{
	const struct node *node = document_get(map, key);
	const char *text;

	if (map == NULL)
		return remedy->snapshot->config->path;
	if (node == NULL)
		node = map;
	text = arena_format(
	    remedy->arena, "%s:%d", node->file, node->key_line > 0 ? node->key_line : node->line);
	return text == NULL ? NO_MEMORY : text;
}

const char *
remedy_issuers(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;
	const char *text = NULL;
	size_t count = config->trusted_issuer_count;

	if (count == 0)
		return "none";
	for (size_t i = 0; i < count && i < FEW; i++)
		text = arena_format(remedy->arena, "%s%s%s (%s)", text == NULL ? "" : text,
		    text == NULL ? "" : ", ", config->trusted_issuers[i].name,
		    config->trusted_issuers[i].issuer);
	if (text != NULL && count > FEW)
		text = arena_format(remedy->arena, "%s and %zu more", text, count - FEW);
	return text == NULL ? NO_MEMORY : text;
}

const char *
remedy_list(const struct remedy *remedy, const struct texts *texts)
{
	const char *text = NULL;

	for (size_t i = 0; i < texts->count && i < FEW; i++)
		text = arena_format(remedy->arena, "%s%s\"%s\"", text == NULL ? "" : text,
		    text == NULL ? "" : ", ", texts->at[i]);
	if (text != NULL && texts->count > FEW)
		text = arena_format(remedy->arena, "%s and %zu more", text, texts->count - FEW);
	return text == NULL ? NO_MEMORY : text;
}

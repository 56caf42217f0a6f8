/* SPDX-License-Identifier: Apache-2.0 */
#include "token/issuer_pattern.h"

#include <string.h>

#define TENANT_MAX 128u

static const char *const keys[] = { "issuer", "jwks_uri", "jwks_file" };

static struct span
text_of(const struct node *map, const char *key)
{
	const struct node *node = document_get(map, key);

	return node == NULL || node->kind != NODE_SCALAR ? (struct span){ 0 } : node->text;
}

/* The first {NAME}, with its braces; at == NULL: there is none. */
static struct span
braces_of(struct span text)
{
	size_t start = span_find(text, '{');
	size_t len = span_find(span_slice(text, start, text.len), '}');

	if (text.at == NULL || start == text.len || start + len == text.len)
		return (struct span){ 0 };
	return span_slice(text, start, start + len + 1);
}

/* Where a text begins in another one; len: nowhere. */
static size_t
place_of(struct span text, struct span part)
{
	for (size_t i = 0; part.len > 0 && i + part.len <= text.len; i++)
		if (span_starts(span_slice(text, i, text.len), part))
			return i;
	return text.len;
}

bool
issuer_pattern_is(const struct node *map)
{
	return braces_of(text_of(map, "issuer")).at != NULL &&
	       !span_is(text_of(map, "provider"), "entra");
}

/* What a path segment may be without escapes, and no reader takes for something else. */
static bool
is_plain(struct span tenant)
{
	static const char bytes[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	if (tenant.len == 0 || tenant.len > TENANT_MAX || tenant.at[0] == '.')
		return false;
	for (size_t i = 0; i < tenant.len; i++)
		if (memchr(bytes, tenant.at[i], sizeof(bytes) - 1) == NULL)
			return false;
	return true;
}

static void
add_tenant(const struct node *node, struct texts *tenants, struct mistakes *mistakes)
{
	if (node->kind != NODE_SCALAR || !is_plain(node->text)) {
		mistake_at(mistakes, node,
		    "must be a tenant as it is in \"iss\": letters, digits, \"-\", \".\", \"_\" "
		    "and "
		    "\"~\"");
		return;
	}
	for (size_t i = 0; i < tenants->count; i++)
		if (span_is(node->text, tenants->at[i]))
			mistake_at(mistakes, node, "is listed twice");
	tenants->at[tenants->count++] = node->text.at;
}

static void
read_tenants(const struct node *map, struct texts *tenants, struct mistakes *mistakes)
{
	const struct node *node = document_get(map, "tenants");
	size_t room = node == NULL || node->kind == NODE_SCALAR ? 1 : node->count;

	*tenants = (struct texts){ .node = node };
	if (node == NULL || (node->kind == NODE_LIST && node->first == NULL)) {
		mistake_at_key(mistakes, node == NULL ? map : node,
		    "the pattern in \"issuer\" needs \"tenants\": the list of those who may stand "
		    "there");
		return;
	}
	tenants->at = arena_array(mistakes->arena, room, sizeof(char *));
	if (tenants->at == NULL)
		mistake_at(mistakes, node, "no memory");
	else if (node->kind == NODE_LIST)
		for (const struct node *one = node->first; one != NULL; one = one->next)
			add_tenant(one, tenants, mistakes);
	else
		add_tenant(node, tenants, mistakes);
}

/* One whole segment of the path, after the host. */
static void
check_pattern(const struct node *node, struct mistakes *mistakes)
{
	struct span text = node->text, braces = braces_of(text);
	size_t at = place_of(text, braces), end = at + braces.len, host;
	struct span rest = span_slice(text, end, text.len);

	host = place_of(text, SPAN("://"));
	host = host == text.len ? 0 : host + 3;
	if (braces.len < 3 || span_find(rest, '{') < rest.len || span_find(rest, '}') < rest.len ||
	    at <= host + 1 || text.at[at - 1] != '/' || (rest.len > 0 && rest.at[0] != '/'))
		mistake_at(mistakes, node,
		    "a pattern has one {NAME}, which is a whole segment of the path");
}

/* With one source for all, the keys of one tenant could sign for another. */
static void
check_source(const struct node *map, const char *key, struct mistakes *mistakes)
{
	struct span text = text_of(map, key), braces = braces_of(text_of(map, "issuer"));

	if (text.at != NULL && place_of(text, braces) == text.len)
		mistake_at(mistakes, document_get(map, key),
		    "must have %.*s, too: keys belong to one tenant, and are not shared",
		    SPAN_ARG(braces));
}

void
issuer_pattern_tenants(const struct node *map, struct texts *ret_tenants, struct mistakes *mistakes)
{
	const struct node *aliases = document_get(map, "issuer_aliases");

	check_pattern(document_get(map, "issuer"), mistakes);
	check_source(map, "jwks_uri", mistakes);
	check_source(map, "jwks_file", mistakes);
	if (aliases != NULL && (aliases->kind != NODE_LIST || aliases->first != NULL))
		mistake_at_key(mistakes, aliases, "cannot be used where \"issuer\" is a pattern");
	read_tenants(map, ret_tenants, mistakes);
}

static bool
put_tenant(struct node *node, struct span braces, const char *tenant, struct arena *arena)
{
	size_t at = place_of(node->text, braces);
	struct span rest = span_slice(node->text, at + braces.len, node->text.len);

	if (at == node->text.len)
		return true;
	node->text = span_of(
	    arena_format(arena, "%.*s%s%.*s", (int)at, node->text.at, tenant, SPAN_ARG(rest)));
	return node->text.at != NULL;
}

static bool
is_key(struct span key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (span_is(key, keys[i]))
			return true;
	return false;
}

/* With all that is below it, no deeper than the document. NULL: no memory. */
static struct node *
copy_of(const struct node *node, struct node *parent, struct arena *arena)
{
	struct node *copy = arena_alloc(arena, sizeof(*copy)), **end;

	if (copy == NULL)
		return NULL;
	*copy = *node;
	copy->parent = parent;
	copy->next = NULL;
	end = &copy->first;
	for (const struct node *one = node->first; one != NULL; one = one->next) {
		*end = copy_of(one, copy, arena);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	}
	return copy;
}

const struct node *
issuer_pattern_entry(const struct node *map, const char *tenant, struct arena *arena)
{
	struct span braces = braces_of(text_of(map, "issuer"));
	struct node *entry = copy_of(map, map->parent, arena), **end;

	if (entry == NULL)
		return NULL;
	entry->key = span_of(arena_format(arena, "%.*s:%s", SPAN_ARG(map->key), tenant));
	if (entry->key.at == NULL)
		return NULL;
	for (end = &entry->first; *end != NULL;) {
		if (is_key((*end)->key) && !put_tenant(*end, braces, tenant, arena))
			return NULL;
		if (span_is((*end)->key, "tenants"))
			*end = (*end)->next;
		else
			end = &(*end)->next;
	}
	return entry;
}

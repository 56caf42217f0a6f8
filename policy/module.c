/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/module.h"

#include <stdlib.h>
#include <string.h>

#include "policy/host_set.h"
#include "policy/rate_read.h"
#include "policy/target.h"

/* What schema_read() fills. */
struct module_row {
	struct texts paths, hosts, path_allow;
	bool basic, case_sensitive, tunnel_until_expiry;
	const char *resource;
	const struct node *upstream, *cors, *credentials, *rate;
};

const struct field module_fields[] = {
	{ .key = "paths",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct module_row, paths),
	    .required = true,
	    .help = "path patterns of the module" },
	{ .key = "hosts",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct module_row, hosts),
	    .help = "hosts that it is for, as in api.example.com or *.example.com; default: every "
		    "host" },
	{ .key = "upstream",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct module_row, upstream),
	    .help = "a URL or a map, as in postern.yaml, whose upstream is the default" },
	{ .key = "path_allow",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct module_row, path_allow),
	    .help = "ambiguities that its upstream needs: semicolon, encoded_delimiters, "
		    "trailing_dot, encoded_percent, encoded_backslash, any_utf8, raw_pipe" },
	{ .key = "tunnel_until_expiry",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct module_row, tunnel_until_expiry),
	    .default_value = "false",
	    .help = "true: a WebSocket or event stream ends when its token does" },
	{ .key = "basic",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct module_row, basic),
	    .default_value = "true",
	    .help = "false: no Basic authentication of local users here" },
	{ .key = "case_sensitive",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct module_row, case_sensitive),
	    .default_value = "true",
	    .help = "false: upper and lower case of ASCII letters in its paths are one" },
	{ .key = "cors",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct module_row, cors),
	    .help = "pages of which origins a browser lets call it; default: the upstream says" },
	{ .key = "credentials",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct module_row, credentials),
	    .help = "where a token may be besides Authorization" },
	{ .key = "rate",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct module_row, rate),
	    .help = "how often each caller may use it" },
	{ .key = "resource",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct module_row, resource),
	    .help = "the URL at which clients know it: tokens must be for it (`aud`), and it has "
		    "metadata of its own (RFC 9728)" },
	{ .key = NULL },
};

static const struct {
	const char *word;
	unsigned mild;
} allowances[] = {
	{ "semicolon", TARGET_SEMICOLON },
	{ "encoded_delimiters", TARGET_ENCODED_DELIMITERS },
	{ "trailing_dot", TARGET_TRAILING_DOT },
	{ "encoded_percent", TARGET_ENCODED_PERCENT },
	{ "encoded_backslash", TARGET_ENCODED_BACKSLASH },
	{ "any_utf8", TARGET_ANY_UTF8 },
	{ "raw_pipe", TARGET_RAW_PIPE },
};

static unsigned
mild_of(const char *word)
{
	for (size_t i = 0; i < sizeof(allowances) / sizeof(allowances[0]); i++)
		if (strcmp(allowances[i].word, word) == 0)
			return allowances[i].mild;
	return 0;
}

const char *
module_allow_words(unsigned mild, struct arena *arena)
{
	const char *words = NULL;

	for (size_t i = 0; i < sizeof(allowances) / sizeof(allowances[0]); i++)
		if ((mild & allowances[i].mild) != 0)
			words = words == NULL
				    ? allowances[i].word
				    : arena_format(arena, "%s, %s", words, allowances[i].word);
	return words == NULL ? "" : words;
}

static unsigned
read_allow(struct reader *reader, const struct texts *words)
{
	unsigned allow = 0, mild;

	for (size_t i = 0; i < words->count; i++) {
		mild = mild_of(words->at[i]);
		if (mild == 0)
			mistake_at(reader->mistakes, reader_text_node(words, i),
			    "must be semicolon, encoded_delimiters, trailing_dot, "
			    "encoded_percent, encoded_backslash, any_utf8 or raw_pipe");
		allow |= mild;
	}
	return allow;
}

/* With two modules on one pattern of a host (NULL: of every host), the upstream would be ambiguous.
 */
static void
serve_on(struct reader *reader, const struct module *module, size_t i, const struct host_set *host)
{
	void **place = pattern_set_place(
	    host == NULL ? reader->policy->serving : host->serving, span_of(module->paths.at[i]));
	const struct module *other;

	if (place == NULL) {
		reader->failed = true;
		return;
	}
	other = *place;
	if (other == module)
		mistake_at(
		    reader->mistakes, reader_text_node(&module->paths, i), "is listed twice");
	else if (other != NULL)
		mistake_at(reader->mistakes, reader_text_node(&module->paths, i),
		    "is also a path of module \"%s\"%s%s (%s:%d)", other->name,
		    host == NULL ? "" : " on host ", host == NULL ? "" : host->name,
		    other->paths.node->file, other->paths.node->line);
	/* patterns store a void *; it is never written through */
	else
		*place = (void *)module;
}

static void
serve(struct reader *reader, const struct module *module, size_t i)
{
	if (module->hosts.count == 0)
		serve_on(reader, module, i, NULL);
	for (size_t k = 0; k < module->hosts.count; k++)
		serve_on(reader, module, i, module->hosts.at[k]);
}

/* Two URLs of one host whose metadata would be at one path. */
static void
check_resource(struct reader *reader, const struct module *module)
{
	const struct protected_resource *own = module->resource;

	for (const struct module *one = reader->policy->modules; own != NULL && one != module;
	    one = one->next)
		if (one->resource != NULL && protected_resource_clashes(one->resource, own))
			mistake_at(reader->mistakes, own->node,
			    "has its metadata at %s, as the resource of module \"%s\" has",
			    own->path, one->name);
}

static struct module *
read_one(struct reader *reader, const struct node *node)
{
	struct module *module = reader_array(reader, 1, sizeof(*module));
	struct module_row row = { 0 };

	if (module == NULL)
		return NULL;
	schema_read(node, module_fields, &row, reader->mistakes);
	module->name = node->key.at;
	module->node = node;
	module->paths = row.paths;
	host_set_read(reader, &row.hosts, &module->hosts);
	module->upstream = backend_read(row.upstream, reader->mistakes);
	module->basic = row.basic;
	module->folds = !row.case_sensitive;
	module->tunnel_until_expiry = row.tunnel_until_expiry;
	module->cors = cors_read(row.cors, reader->mistakes);
	module->credentials = credential_places_read(row.credentials, reader->mistakes);
	module->rate = rate_read(reader, node, row.rate, true);
	module->resource =
	    protected_resource_read(row.resource, document_get(node, "resource"), reader->mistakes);
	module->path_allow = read_allow(reader, &row.path_allow);
	module->index = reader->policy->module_count++;
	if (row.paths.node != NULL && row.paths.count == 0)
		mistake_at(reader->mistakes, row.paths.node, "is empty");
	for (size_t i = 0; i < row.paths.count; i++)
		if (reader_pattern(reader, &row.paths, i) && !module->folds)
			serve(reader, module, i);
	if (module->folds && module->upstream != NULL && module->upstream->strip_prefix.len > 0)
		mistake_at(reader->mistakes, document_get(node, "case_sensitive"),
		    "cannot be false with \"strip_prefix\", which is compared exactly");
	if (module->folds && module->hosts.count > 0)
		mistake_at(reader->mistakes, document_get(node, "case_sensitive"),
		    "cannot be false with \"hosts\"");
	backend_check_paths(module->upstream, &row.paths, reader->mistakes);
	return module;
}

/* A browser sends a cookie to every module of the host, and the address of a page that has a token
 * in it as the Referer of whatever the page asks for. */
static void
list_places(struct reader *reader)
{
	struct policy *policy = reader->policy;
	struct texts *cookies = &policy->credential_cookies, *queries = &policy->credential_queries;

	if (policy->module_count == 0)
		return;
	cookies->at = reader_array(reader, policy->module_count, sizeof(*cookies->at));
	queries->at = reader_array(reader, policy->module_count, sizeof(*queries->at));
	if (cookies->at == NULL || queries->at == NULL)
		return;
	for (const struct module *module = policy->modules; module != NULL; module = module->next) {
		if (module->credentials != NULL && module->credentials->cookie != NULL)
			cookies->at[cookies->count++] = module->credentials->cookie;
		if (module->credentials != NULL && module->credentials->query != NULL)
			queries->at[queries->count++] = module->credentials->query;
	}
}

static void
list_resources(struct reader *reader)
{
	struct policy *policy = reader->policy;
	struct texts *resources = &policy->resources;

	if (policy->module_count == 0)
		return;
	resources->at = reader_array(reader, policy->module_count, sizeof(*resources->at));
	if (resources->at == NULL)
		return;
	for (const struct module *one = policy->modules; one != NULL; one = one->next)
		if (one->resource != NULL && !reader_texts_hold(resources, one->resource->url))
			resources->at[resources->count++] = one->resource->url;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(
	    (*(const struct module *const *)a)->name, (*(const struct module *const *)b)->name);
}

static void
sort(struct reader *reader)
{
	struct policy *policy = reader->policy;
	size_t count = 0;

	policy->sorted_modules =
	    reader_array(reader, policy->module_count, sizeof(struct module *));
	if (policy->sorted_modules == NULL)
		return;
	for (const struct module *one = policy->modules; one != NULL; one = one->next)
		policy->sorted_modules[count++] = one;
	qsort(policy->sorted_modules, count, sizeof(struct module *), compare_names);
}

void
module_read(struct reader *reader, const struct node *modules)
{
	struct module **end = &reader->policy->modules;

	if (modules == NULL || modules->kind != NODE_MAP)
		return;
	for (const struct node *node = modules->first; node != NULL; node = node->next) {
		if (!reader_name(reader, node))
			continue;
		*end = read_one(reader, node);
		if (*end == NULL)
			return;
		end = &(*end)->next;
	}
	sort(reader);
	for (const struct module *one = reader->policy->modules; one != NULL; one = one->next)
		check_resource(reader, one);
	list_places(reader);
	list_resources(reader);
}

static int
compare_to_name(const void *name, const void *place)
{
	return strcmp(name, (*(const struct module *const *)place)->name);
}

const struct module *
module_find(const struct policy *policy, const char *name)
{
	const struct module **place = NULL;

	if (policy->sorted_modules != NULL)
		place = bsearch(name, policy->sorted_modules, policy->module_count,
		    sizeof(struct module *), compare_to_name);
	return place == NULL ? NULL : *place;
}

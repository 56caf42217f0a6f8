/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/backend.h"

#include <string.h>

#include "base/secret.h"
#include "base/url.h"
#include "policy/backend_check.h"
#include "policy/pattern.h"
#include "policy/pattern_form.h"
#include "policy/prefix.h"

/* What schema_read() fills. */
struct backend_row {
	struct texts urls;
	const char *host;
	int64_t timeout_ms;
	const char *strip_prefix;
	bool rewrite_location;
	const struct node *tls, *health_check;
	const char *retry_budget;
};

struct tls_row {
	const char *ca_file, *server_name;
	const struct node *certificate, *key;
};

const struct field backend_fields[] = {
	{ .key = "url",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct backend_row, urls),
	    .required = true,
	    .help = "http://, https:// or unix:/ address, or a list of them; its path goes in "
		    "front of the request's" },
	{ .key = "host",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct backend_row, host),
	    .default_value = "keep",
	    .help = "the header Host: keep (the client's), upstream (the URL's) or a name" },
	{ .key = "timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct backend_row, timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .help = "in place of limits.upstream_timeout" },
	{ .key = "strip_prefix",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct backend_row, strip_prefix),
	    .help = "whole segments that are taken off the front of the path, as in /customer" },
	{ .key = "rewrite_location",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct backend_row, rewrite_location),
	    .help = "its Location, Content-Location and cookies' Path become what clients see; "
		    "default: with strip_prefix" },
	{ .key = "tls",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct backend_row, tls),
	    .help = "how https trusts it, and what it is shown" },
	{ .key = "health_check",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct backend_row, health_check),
	    .help = "each address is asked whether it is well" },
	{ .key = "retry_budget",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct backend_row, retry_budget),
	    .help = "the share of requests that may be retries, as in 0.1; default: no limit" },
	{ .key = NULL },
};

const struct field backend_tls_fields[] = {
	{ .key = "ca_file",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct tls_row, ca_file),
	    .help = "file of the certificates that may sign its certificate (PEM), in place of the "
		    "system's" },
	{ .key = "certificate",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct tls_row, certificate),
	    .help = "{file} or {env} of the certificate, with its chain, that it is shown (PEM)" },
	{ .key = "key",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct tls_row, key),
	    .help = "{file} or {env} of that certificate's private key (PEM)" },
	{ .key = "server_name",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct tls_row, server_name),
	    .help = "the name that its certificate must have; default: the URL's host" },
	{ .key = NULL },
};

/* An upstream being read. */
struct reading {
	struct url url; /* the first one */
	struct backend *backend;
	struct mistakes *mistakes;
};

/* --- url --- */

static struct span
without_slash(struct span path)
{
	if (span_ends(path, SPAN("/")))
		path.len--;
	return path;
}

/* The URL's path, without the slash at its end, in the spelling of target_read(): what begins with
 * it is canonical then. */
static void
read_path(const struct reading *reading, const struct node *node)
{
	struct span path = reading->url.path;
	struct target target = { 0 };

	if (target_read(path, reading->mistakes->arena, &target) != REASON_OK)
		mistake_at(reading->mistakes, node, "its path is ambiguous: %s", target.detail);
	else if (target.mild != 0)
		mistake_at(reading->mistakes, node, "its path is ambiguous: %s",
		    target_mild_text(target.mild));
	else if (!span_equal(target.path, path))
		mistake_at(reading->mistakes, node, "its path must be canonical: write \"%.*s\"",
		    SPAN_ARG(target.path));
	reading->backend->path = without_slash(path);
}

/* The first one decides for all. */
static void
read_first(struct reading *reading, const struct node *node, const struct url *url)
{
	reading->url = *url;
	reading->backend->url = node->text.at;
	reading->backend->secure = url->scheme == URL_HTTPS;
	if (url->scheme != URL_UNIX && url->path.len > 0)
		read_path(reading, node);
}

static void
compare_to_first(const struct reading *reading, const struct node *node, const struct url *url)
{
	struct span path = without_slash(url->path);

	if (url->scheme != reading->url.scheme)
		mistake_at(reading->mistakes, node, "must have the same scheme as the first one");
	else if (url->scheme != URL_UNIX && !span_equal(path, reading->backend->path))
		mistake_at(reading->mistakes, node, "must have the same path as the first one");
}

static bool
is_listed(const struct backend *backend, const char *origin)
{
	for (size_t i = 0; i < backend->origin_count; i++)
		if (strcmp(backend->origins[i], origin) == 0)
			return true;
	return false;
}

static void
read_url(struct reading *reading, const struct node *node)
{
	struct mistakes *mistakes = reading->mistakes;
	struct backend *backend = reading->backend;
	const char *origin = node->text.at;
	struct err err;
	struct url url;

	if (!url_read(node->text, URL_SOCKET | URL_PATH, &url, &err)) {
		mistake_at(mistakes, node, "%s", err.text);
		return;
	}
	if (url.scheme != URL_UNIX && url.path.len > 0)
		origin = arena_text(mistakes->arena,
		    (struct span){ node->text.at, (size_t)(url.path.at - node->text.at) });
	if (origin == NULL)
		mistake_at(mistakes, node, "no memory");
	else if (is_listed(backend, origin))
		mistake_at(mistakes, node, "is listed twice");
	else if (backend->origin_count == 0)
		read_first(reading, node, &url);
	else
		compare_to_first(reading, node, &url);
	backend->origins[backend->origin_count++] = origin == NULL ? "" : origin;
}

/* For people: all of them. */
static void
name_all(struct reading *reading, const struct texts *urls)
{
	struct arena *arena = reading->mistakes->arena;
	const char *all = urls->at[0];

	for (size_t i = 1; i < urls->count && all != NULL; i++)
		all = arena_format(arena, "%s, %s", all, urls->at[i]);
	if (all == NULL)
		mistake_at(reading->mistakes, urls->node, "no memory");
	reading->backend->url = all;
}

static void
read_urls(struct reading *reading, const struct texts *urls)
{
	size_t errors = reading->mistakes->errors;

	if (urls->node == NULL)
		return;
	if (urls->node->kind == NODE_SCALAR && urls->count == 1) {
		read_url(reading, urls->node);
		return;
	}
	if (urls->node->kind == NODE_LIST && urls->node->count == 0)
		mistake_at(reading->mistakes, urls->node, "is empty");
	if (urls->node->count > BACKEND_ORIGINS)
		mistake_at(reading->mistakes, urls->node, "must have at most %d addresses",
		    BACKEND_ORIGINS);
	if (reading->mistakes->errors > errors || urls->count == 0 ||
	    urls->count < urls->node->count)
		return; /* others are reported already */
	for (const struct node *node = urls->node->first; node != NULL; node = node->next)
		read_url(reading, node);
	if (reading->mistakes->errors == errors)
		name_all(reading, urls);
}

/* --- host --- */

static bool
is_authority(struct span text, struct arena *arena)
{
	const char *as_url = arena_format(arena, "http://%.*s", SPAN_ARG(text));
	struct err err;
	struct url url;

	return as_url != NULL && url_read(span_of(as_url), 0, &url, &err) && url.path.len == 0;
}

static void
read_host(const struct reading *reading, const struct node *node, const char *word)
{
	struct backend *backend = reading->backend;

	if (word == NULL || strcmp(word, "keep") == 0)
		return;
	backend->host = span_of(word);
	if (strcmp(word, "upstream") == 0 && reading->url.scheme == URL_UNIX)
		backend->host = SPAN("localhost");
	else if (strcmp(word, "upstream") == 0 && backend->origin_count > 1)
		mistake_at(reading->mistakes, node,
		    "must be keep or a name, since \"url\" has several addresses");
	else if (strcmp(word, "upstream") == 0)
		backend->host = reading->url.authority;
	else if (!is_authority(backend->host, reading->mistakes->arena))
		mistake_at(reading->mistakes, node, "must be keep, upstream, HOST or HOST:PORT");
}

/* --- strip_prefix --- */

/* It is a pattern without "*", which decides about a path together with the module's patterns. */
static void
read_prefix(const struct reading *reading, const struct node *node, const char *text)
{
	struct span prefix = span_of(text);
	struct err err;

	if (text == NULL)
		return;
	if (!pattern_form_check(prefix, &err))
		mistake_at(reading->mistakes, node, "%s", err.text);
	else if (span_find(prefix, '*') < prefix.len || span_find(prefix, '{') < prefix.len ||
		 prefix.len < 2)
		mistake_at(reading->mistakes, node, "must be a path such as /customer");
	reading->backend->strip_prefix = prefix;
}

void
backend_check_paths(
    const struct backend *backend, const struct texts *paths, struct mistakes *mistakes)
{
	const char *inside;

	if (backend == NULL || backend->strip_prefix.len == 0)
		return;
	inside = arena_format(mistakes->arena, "%.*s/*", SPAN_ARG(backend->strip_prefix));
	for (size_t i = 0; i < paths->count; i++)
		if (inside != NULL &&
		    pattern_form_check(span_of(paths->at[i]), &(struct err){ "" }) &&
		    !pattern_within(span_of(paths->at[i]), span_of(inside)))
			mistake_at(mistakes, document_get(backend->node, "strip_prefix"),
			    "the module's path \"%s\" does not begin with it", paths->at[i]);
}

/* --- tls --- */

static const char *
read_pem(const struct node *node, struct mistakes *mistakes)
{
	if (node == NULL)
		return NULL;
	if (node->kind == NODE_MAP)
		return secret_read(node, mistakes);
	mistake_at_key(mistakes, node, "must be {file: PATH} or {env: NAME}");
	return NULL;
}

static bool
is_name(const char *text)
{
	static const char bytes[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return text[0] != '\0' && strlen(text) < URL_HOST && text[strspn(text, bytes)] == '\0';
}

static void
read_tls(const struct reading *reading, const struct node *map)
{
	struct backend *backend = reading->backend;
	struct mistakes *mistakes = reading->mistakes;
	struct tls_row row = { 0 };

	if (map == NULL)
		return;
	schema_read(map, backend_tls_fields, &row, mistakes);
	if (backend->url != NULL && reading->url.scheme != URL_HTTPS)
		mistake_at_key(mistakes, map, "is for an https:// URL");
	if (row.ca_file != NULL)
		backend->ca = secret_public(document_get(map, "ca_file"), mistakes);
	if ((row.certificate == NULL) != (row.key == NULL))
		mistake_at_key(
		    mistakes, map, "\"certificate\" and \"key\" are given together, or neither");
	backend->certificate = read_pem(row.certificate, mistakes);
	backend->key = read_pem(row.key, mistakes);
	backend->server_name = row.server_name;
	if (row.server_name != NULL && !is_name(row.server_name))
		mistake_at(mistakes, document_get(map, "server_name"), "must be a host's name");
}

/* --- retry_budget --- */

/* 0 to 1 in thousandths, with three decimals at most. */
static bool
read_thousandths(const char *text, int *ret_value)
{
	size_t len = strlen(text);
	int value = 0;

	if ((text[0] != '0' && text[0] != '1') || len == 2 || len > 5 ||
	    (len > 1 && text[1] != '.'))
		return false;
	for (size_t i = 0; i < 5; i++) {
		char digit = i < len ? text[i] : '0';

		if (i == 1)
			continue;
		if (digit < '0' || digit > '9')
			return false;
		value = 10 * value + (digit - '0');
	}
	*ret_value = value;
	return value <= 1000;
}

static void
read_budget(const struct reading *reading, const struct node *node, const char *text)
{
	reading->backend->retry_share = -1;
	if (text != NULL && !read_thousandths(text, &reading->backend->retry_share))
		mistake_at(reading->mistakes, node,
		    "must be a share of 0 to 1, such as 0.1, with three decimals at most");
}

static void
read_map(struct reading *reading, const struct node *map)
{
	struct backend_row row = { 0 };

	schema_read(map, backend_fields, &row, reading->mistakes);
	reading->backend->timeout_ms = row.timeout_ms;
	read_urls(reading, &row.urls);
	read_host(reading, document_get(map, "host"), row.host);
	read_prefix(reading, document_get(map, "strip_prefix"), row.strip_prefix);
	reading->backend->rewrite_location = row.rewrite_location;
	if (document_get(map, "rewrite_location") == NULL)
		reading->backend->rewrite_location = row.strip_prefix != NULL;
	read_tls(reading, row.tls);
	backend_check_read(row.health_check, reading->backend, reading->mistakes);
	read_budget(reading, document_get(map, "retry_budget"), row.retry_budget);
}

const struct backend *
backend_read(const struct node *node, struct mistakes *mistakes)
{
	size_t errors = mistakes->errors;
	struct reading reading = { .mistakes = mistakes };
	struct backend *backend;

	if (node == NULL)
		return NULL;
	backend = arena_alloc(mistakes->arena, sizeof(*backend));
	if (backend != NULL)
		*backend = (struct backend){ .node = node,
			.retry_share = -1,
			.origins = arena_array(
			    mistakes->arena, BACKEND_ORIGINS, sizeof(*backend->origins)) };
	if (backend == NULL || backend->origins == NULL) {
		mistake_at(mistakes, node, "no memory");
		return NULL;
	}
	reading.backend = backend;
	if (node->kind == NODE_MAP)
		read_map(&reading, node);
	else if (node->kind == NODE_SCALAR)
		read_url(&reading, node);
	else
		mistake_at(mistakes, node, "must be a URL, or a map with \"url\"");
	return mistakes->errors == errors ? backend : NULL;
}

const char *
backend_target(const struct backend *backend, const struct target *target, struct arena *arena)
{
	struct span rest = prefix_strip(target->path, backend->strip_prefix);

	if (rest.at == NULL)
		return NULL;
	return arena_format(arena, "%.*s%.*s%s%.*s", SPAN_ARG(backend->path), SPAN_ARG(rest),
	    target->has_query ? "?" : "", SPAN_ARG(target->query));
}

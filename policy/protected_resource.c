/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/protected_resource.h"

#include <string.h>

#include "base/url.h"

#define SPELLINGS 2

static struct span
without_slash(struct span url)
{
	if (span_ends(url, SPAN("/")))
		url.len--;
	return url;
}

/* RFC 9728 section 3.1: the well-known path goes between the host and the resource's own path. */
static bool
place(struct protected_resource *resource, const struct url *url, struct arena *arena)
{
	struct span path = url->path;
	bool bare = path.len == 0 || span_is(path, "/");
	const char **spellings = arena_array(arena, SPELLINGS, sizeof(*spellings));
	struct span plain = without_slash(span_of(resource->url));

	if (bare)
		path.len = 0;
	resource->host = arena_text(arena, span_of(url->host));
	resource->path = arena_format(arena, PROTECTED_RESOURCE_PATH "%.*s", SPAN_ARG(path));
	resource->metadata =
	    arena_format(arena, "%s://%.*s%s", url->scheme == URL_HTTPS ? "https" : "http",
		SPAN_ARG(url->authority), resource->path == NULL ? "" : resource->path);
	if (spellings == NULL)
		return false;
	spellings[0] = resource->url;
	spellings[1] = plain.len < strlen(resource->url)
			   ? arena_text(arena, plain)
			   : arena_format(arena, "%s/", resource->url);
	resource->audiences = (struct texts){ .at = spellings, .count = bare ? SPELLINGS : 1 };
	return resource->host != NULL && resource->path != NULL && resource->metadata != NULL &&
	       spellings[1] != NULL;
}

const struct protected_resource *
protected_resource_read(const char *url, const struct node *node, struct mistakes *mistakes)
{
	struct protected_resource *resource;
	struct url read;
	struct err err;

	if (url == NULL)
		return NULL;
	if (!url_read(span_of(url), URL_PATH, &read, &err)) {
		mistake_at(mistakes, node, "%s", err.text);
		return NULL;
	}
	resource = arena_alloc(mistakes->arena, sizeof(*resource));
	if (resource != NULL) {
		*resource = (struct protected_resource){ .url = url, .node = node };
		if (place(resource, &read, mistakes->arena))
			return resource;
	}
	mistake_at(mistakes, node, ERR_MEMORY);
	return NULL;
}

bool
protected_resource_is(const struct protected_resource *resource, struct span url)
{
	return span_equal(without_slash(url), without_slash(span_of(resource->url)));
}

bool
protected_resource_clashes(
    const struct protected_resource *resource, const struct protected_resource *other)
{
	return strcmp(resource->path, other->path) == 0 &&
	       span_equal_nocase(span_of(resource->host), span_of(other->host)) &&
	       !protected_resource_is(resource, span_of(other->url));
}

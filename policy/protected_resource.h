/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protected_resource - an API by the URL at which clients know it: `resource` of a module, and
 * `resource.url` of the gate (RFC 9728).
 *
 * Uses:   url, document, schema.
 * Pure:   yes, once read. Safe to read from any thread.
 */
#ifndef POSTERN_POLICY_PROTECTED_RESOURCE_H
#define POSTERN_POLICY_PROTECTED_RESOURCE_H

#include "base/check.h"
#include "base/document.h"
#include "base/schema.h"
#include "base/span.h"

/* Where the metadata of a resource is whose URL has no path (RFC 9728 section 3.1). */
#define PROTECTED_RESOURCE_PATH "/.well-known/oauth-protected-resource"

/* All texts are lent by the document's arena. */
struct protected_resource {
	const char *url;        /* as written */
	const char *metadata;   /* URL of its metadata */
	const char *path;       /* of the same */
	const char *host;       /* of the URL, without its port */
	struct texts audiences; /* the URL, and its other spelling if it has no path: with a slash
				 * at the end, or without (RFC 3986 section 6.2.3) */
	const struct node *node;
};

/* Read one. A mistake is reported at `node`. NULL: `url` is NULL, or there was a mistake. */
const struct protected_resource *protected_resource_read(
    const char *url, const struct node *node, struct mistakes *mistakes);

/* Would the metadata of both be at one place, although they are not one resource? On one host it
 * would: requests say by which name they come, and not by which scheme and port. */
bool protected_resource_clashes(
    const struct protected_resource *resource, const struct protected_resource *other);

/* Is that text its URL, but for a slash at the end? Clients that keep a parsed URL write
 * "https://host" with one. */
bool protected_resource_is(const struct protected_resource *resource, struct span url);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"
#include "policy/protected_resource.h"
#include "proxy/config/config.h"
#include "token/issuer_match.h"

static const struct field fields[] = {
	{ .key = "url",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct config_resource, url),
	    .help = "the URL by which clients know this gate" },
	{ .key = "authorization_servers",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct config_resource, authorization_servers),
	    .help = "names of the issuers where a client can log in, the preferred one first" },
	{ 0 },
};

const struct field *
config_resource_schema(void)
{
	return fields;
}

static void
read_url(const struct node *node, struct config *config)
{
	struct config_resource *resource = &config->resource;
	const struct protected_resource *read =
	    protected_resource_read(resource->url, node, &config->mistakes);

	if (read == NULL)
		return;
	resource->own = read;
	resource->path = read->path;
	resource->metadata = read->metadata;
}

static bool
is_issuer(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->trusted_issuer_count; i++)
		if (trusted_issuer_is(&config->trusted_issuers[i], name))
			return true;
	return false;
}

static void
no_issuer(struct config *config, const struct node *node, const char *name)
{
	struct nearest nearest = issuer_match_nearest(
	    config->trusted_issuers, config->trusted_issuer_count, span_of(name));
	char hint[NEAREST_HINT];

	if (strcmp(name, LOCAL_NAME) == 0) {
		mistake_at_key(&config->mistakes, node,
		    "\"" LOCAL_NAME "\" is the local issuer, and there is no \"local_issuer\"");
		return;
	}
	mistake_at_key(&config->mistakes, node,
	    "\"%.64s\" is not one of \"issuers\", nor \"" LOCAL_NAME "\"%s", name,
	    nearest_hint(&nearest, hint));
}

void
config_resource_read(const struct node *map, struct config *config)
{
	struct config_resource *resource = &config->resource;
	const struct texts *names = &resource->authorization_servers;

	schema_read(map, fields, resource, &config->mistakes);
	if (resource->url != NULL)
		read_url(document_get(map, "url"), config);
	for (size_t i = 0; i < names->count; i++)
		if (!is_issuer(config, names->at[i]))
			no_issuer(config, names->node, names->at[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/source.h"

#include "base/schema.h"
#include "base/url.h"

/* `jwks` of an issuer. */
static const struct field jwks_fields[] = {
	{ .key = "refresh",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, refresh_s),
	    .min = 60,
	    .max = 3600,
	    .default_value = "10m",
	    .help = "how long a key set is fresh if its Cache-Control does not say" },
	{ .key = "cooldown",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, cooldown_s),
	    .min = 1,
	    .max = 3600,
	    .default_value = "30s",
	    .help = "minimum time between two refreshes for unknown keys" },
	{ .key = "stale",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, stale_s),
	    .min = 1,
	    .max = 30 * 86400,
	    .default_value = "24h",
	    .help = "how long the last good key set is used while the issuer is down" },
	{ .key = "timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct source, timeout_ms),
	    .min = 100,
	    .max = 60000,
	    .default_value = "5s",
	    .help = "for a whole fetch" },
	{ .key = "ca_file",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct source, ca_file),
	    .help = "certificates to trust instead of the system's" },
	{ .key = "proxy",
	    .type = FIELD_URL,
	    .offset = offsetof(struct source, proxy),
	    .help = "HTTP proxy for fetches; proxy variables of the environment are ignored" },
	{ .key = "client_certificate",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .help = "{file: PATH}: client certificate for the issuer; needs client_key" },
	{ .key = "client_key",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .help = "{file: PATH}: private key of client_certificate" },
	{ .key = "bearer",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .help = "{file: PATH}: bearer token for the issuer, read again for each fetch" },
	{ 0 },
};

const struct field *
source_schema(void)
{
	return jwks_fields;
}

bool
source_url_safe(struct span url)
{
	struct url apart;
	struct err err;

	return url_read(url, URL_PATH | URL_QUERY | URL_SAFE, &apart, &err);
}

static void
check_url(const struct node *node, unsigned parts, struct mistakes *mistakes)
{
	struct url url;
	struct err err;

	if (node != NULL && !url_read(node->text, parts, &url, &err))
		mistake_at(mistakes, node, "%s", err.text);
}

/* With an explicit key source, `issuer` may be any text ("kubernetes/serviceaccount"); if it looks
 * like a URL, it must be a valid one. */
static void
check_issuer(const struct node *node, bool discovery, struct mistakes *mistakes)
{
	if (node == NULL || node->kind != NODE_SCALAR)
		return;
	if (discovery)
		check_url(node, URL_PATH | URL_TEMPLATE | URL_SAFE, mistakes);
	else if (span_starts(node->text, SPAN("https://")) ||
		 span_starts(node->text, SPAN("http://")))
		check_url(node, URL_PATH | URL_TEMPLATE, mistakes);
}

/* Only the path is stored: the file is read when it is needed, so it may change. */
static const char *
file_of(const struct node *jwks, const char *key, struct mistakes *mistakes)
{
	const struct node *node = jwks == NULL ? NULL : document_get(jwks, key);
	const struct node *only = node == NULL ? NULL : node->first;

	if (node == NULL)
		return NULL;
	if (node->kind == NODE_MAP && node->count == 1 && only->kind == NODE_SCALAR &&
	    only->text.len > 0 && span_is(only->key, "file"))
		return document_path(mistakes->arena, node, only->text.at);
	mistake_at_key(mistakes, node, "must be {file: PATH}");
	return NULL;
}

static void
read_proofs(const struct node *jwks, struct source *source, struct mistakes *mistakes)
{
	source->unread = NULL;
	source->client_certificate = file_of(jwks, "client_certificate", mistakes);
	source->client_key = file_of(jwks, "client_key", mistakes);
	source->bearer = file_of(jwks, "bearer", mistakes);
	if ((source->client_certificate == NULL) != (source->client_key == NULL))
		mistake_at_key(
		    mistakes, jwks, "\"client_certificate\" and \"client_key\" need each other");
}

void
source_read(const struct node *issuer_map, struct source *source, struct mistakes *mistakes)
{
	const struct node *uri = document_get(issuer_map, "jwks_uri");
	const struct node *file = document_get(issuer_map, "jwks_file");

	schema_read(document_get(issuer_map, "jwks"), jwks_fields, source, mistakes);
	read_proofs(document_get(issuer_map, "jwks"), source, mistakes);
	if (uri != NULL && file != NULL)
		mistake_at_key(
		    mistakes, file, "\"jwks_uri\" and \"jwks_file\" cannot be used together");
	if (file != NULL && file->kind == NODE_SCALAR) {
		source->kind = SOURCE_FILE;
		source->place = document_path(mistakes->arena, issuer_map, file->text.at);
	} else if (uri != NULL && uri->kind == NODE_SCALAR) {
		source->kind = SOURCE_URL;
		source->place = uri->text.at;
		check_url(uri, URL_PATH | URL_QUERY | URL_SAFE, mistakes);
	} else {
		source->kind = SOURCE_DISCOVERY;
		source->place = source->issuer;
	}
	if (source->issuer != NULL)
		check_issuer(
		    document_get(issuer_map, "issuer"), source->kind == SOURCE_DISCOVERY, mistakes);
}

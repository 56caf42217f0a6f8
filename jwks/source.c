/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/source.h"

#include "base/schema.h"

/* `jwks` of an issuer. */
static const struct field jwks_fields[] = {
	{ .key = "refresh",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, refresh_s),
	    .least = 60,
	    .most = 3600,
	    .otherwise = "10m",
	    .told = "how long a key set is fresh when the answer does not say" },
	{ .key = "cooldown",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, cooldown_s),
	    .least = 1,
	    .most = 3600,
	    .otherwise = "30s",
	    .told = "least time between two refreshes for unknown keys" },
	{ .key = "stale",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct source, stale_s),
	    .least = 1,
	    .most = 30 * 86400,
	    .otherwise = "24h",
	    .told = "how long the last good key set is used while the issuer is down" },
	{ .key = "timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct source, timeout_ms),
	    .least = 100,
	    .most = 60000,
	    .otherwise = "5s",
	    .told = "of a whole fetch" },
	{ .key = "ca_file",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct source, ca_file),
	    .told = "certificates to trust instead of the system's" },
	{ .key = "proxy",
	    .type = FIELD_URL,
	    .offset = offsetof(struct source, proxy),
	    .told = "HTTP proxy to fetch through; none is taken from the environment" },
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
	struct span host;

	if (span_starts(url, SPAN("https://")))
		return true;
	if (!span_starts(url, SPAN("http://")))
		return false;
	host = span_slice(url, 7, url.len);
	host = span_slice(host, 0, span_find(host, '/'));
	if (host.len > 0 && host.at[0] == '[')
		return span_is(span_slice(host, 0, span_find(host, ']') + 1), "[::1]");
	host = span_slice(host, 0, span_find(host, ':'));
	if (span_is(host, "localhost"))
		return true;
	for (size_t i = 0; i < host.len; i++)
		if ((host.at[i] < '0' || host.at[i] > '9') && host.at[i] != '.')
			return false;
	return span_starts(host, SPAN("127."));
}

static void
check_url(const struct node *node, const char *url, struct mistakes *mistakes)
{
	if (url != NULL && !source_url_safe(span_of(url)))
		mistake_at(mistakes, node,
		    "must start with \"https://\" (http is for loopback addresses only)");
}

void
source_read(const struct node *issuer_map, struct source *source, struct mistakes *mistakes)
{
	const struct node *uri = node_get(issuer_map, "jwks_uri");
	const struct node *file = node_get(issuer_map, "jwks_file");

	schema_read(node_get(issuer_map, "jwks"), jwks_fields, source, mistakes);
	if (source->ca_file != NULL)
		source->ca_file = document_path(mistakes->arena, issuer_map, source->ca_file);
	if (uri != NULL && file != NULL)
		mistake_at_key(mistakes, file, "\"jwks_uri\" and \"jwks_file\" exclude each other");
	if (file != NULL && file->kind == NODE_SCALAR) {
		source->kind = SOURCE_FILE;
		source->place = document_path(mistakes->arena, issuer_map, file->text.at);
	} else if (uri != NULL && uri->kind == NODE_SCALAR) {
		source->kind = SOURCE_URL;
		source->place = uri->text.at;
		check_url(uri, source->place, mistakes);
	} else {
		source->kind = SOURCE_DISCOVERY;
		source->place = source->issuer;
		if (source->issuer != NULL)
			check_url(node_get(issuer_map, "issuer"), source->issuer, mistakes);
	}
}

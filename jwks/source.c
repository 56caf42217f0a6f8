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
	{ .key = "client_certificate",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .told = "{file: PATH}: certificate to show to the issuer, with client_key" },
	{ .key = "client_key",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .told = "{file: PATH}: private key of client_certificate" },
	{ .key = "bearer",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct source, unread),
	    .told = "{file: PATH}: token to show to the issuer, read anew for each fetch" },
	{ 0 },
};

const struct field *
source_schema(void)
{
	return jwks_fields;
}

/* 127.A.B.C in decimal: shorter and other forms are read differently by different readers. */
static bool
loopback_address(struct span host)
{
	struct span part;
	int parts = 0;

	if (!span_starts(host, SPAN("127.")))
		return false;
	while (span_cut(&host, '.', &part)) {
		int value = 0;

		if (part.len == 0 || part.len > 3)
			return false;
		for (size_t i = 0; i < part.len; i++) {
			if (part.at[i] < '0' || part.at[i] > '9')
				return false;
			value = value * 10 + (part.at[i] - '0');
		}
		if (value > 255 || (part.len > 1 && part.at[0] == '0'))
			return false;
		parts++;
	}
	return parts == 4;
}

/* Nothing, or a colon and digits. */
static bool
port_plain(struct span port)
{
	if (port.len > 0 && port.at[0] != ':')
		return false;
	for (size_t i = 1; i < port.len; i++)
		if (port.at[i] < '0' || port.at[i] > '9')
			return false;
	return true;
}

/* What stands between "//" and the path. */
static struct span
authority_of(struct span url, size_t scheme_len)
{
	size_t end = scheme_len;

	while (end < url.len && url.at[end] != '/' && url.at[end] != '?' && url.at[end] != '#')
		end++;
	return span_slice(url, scheme_len, end);
}

static bool
authority_plain(struct span authority)
{
	for (size_t i = 0; i < authority.len; i++)
		if (authority.at[i] <= ' ' || authority.at[i] > '~' || authority.at[i] == '@' ||
		    authority.at[i] == '\\')
			return false;
	return authority.len > 0;
}

bool
source_url_safe(struct span url)
{
	struct span authority, host;

	if (span_starts(url, SPAN("https://")))
		return authority_plain(authority_of(url, 8));
	if (!span_starts(url, SPAN("http://")))
		return false;
	authority = authority_of(url, 7);
	if (!authority_plain(authority))
		return false;
	host = span_slice(authority, 0, span_find(authority, ':'));
	if (span_starts(authority, SPAN("[::1]")))
		host = span_slice(authority, 0, 5);
	if (!port_plain(span_slice(authority, host.len, authority.len)))
		return false;
	return span_is(host, "[::1]") || span_is(host, "localhost") || loopback_address(host);
}

static void
check_url(const struct node *node, const char *url, struct mistakes *mistakes)
{
	if (url == NULL || source_url_safe(span_of(url)))
		return;
	mistake_at(mistakes, node,
	    span_starts(span_of(url), SPAN("https://"))
		? "must be a URL with a host and without a user"
		: "must start with \"https://\" (http is for loopback addresses only)");
}

/* Only the path is taken: what the file holds is read when it is needed, so that it may change. */
static const char *
file_of(const struct node *jwks, const char *key, struct mistakes *mistakes)
{
	const struct node *node = jwks == NULL ? NULL : node_get(jwks, key);
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
	const struct node *uri = node_get(issuer_map, "jwks_uri");
	const struct node *file = node_get(issuer_map, "jwks_file");

	schema_read(node_get(issuer_map, "jwks"), jwks_fields, source, mistakes);
	read_proofs(node_get(issuer_map, "jwks"), source, mistakes);
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

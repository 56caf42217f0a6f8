/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/location.h"

#include <string.h>

#define PATH_MAX_BYTES (64u << 10)

/* Where the first of these bytes is; the length if none is there. */
static size_t
first_of(struct span text, const char *bytes)
{
	size_t i = 0;

	while (i < text.len && (text.at[i] == '\0' || strchr(bytes, text.at[i]) == NULL))
		i++;
	return i;
}

/* Without the port that the scheme has anyway. */
static struct span
without_port(struct span authority, bool secure)
{
	struct span port = secure ? SPAN(":443") : SPAN(":80");

	if (span_ends(authority, port))
		authority.len -= port.len;
	return authority;
}

static bool
same_authority(struct span a, struct span b, bool secure)
{
	return b.len > 0 && span_equal_nocase(without_port(a, secure), without_port(b, secure));
}

/* The path, query and fragment of a reference with an authority, "//" and on; at == NULL: it is
 * somebody else's. */
static struct span
after_authority(const struct location *location, struct span rest, bool secure)
{
	struct span authority = span_slice(rest, 2, rest.len);

	authority = span_slice(authority, 0, first_of(authority, "/?#"));
	if (!same_authority(authority, location->host, secure) &&
	    (secure != location->secure || !same_authority(authority, location->authority, secure)))
		return (struct span){ 0 };
	return span_slice(rest, 2 + authority.len, rest.len);
}

/* Drop the last segment of what was appended, and its slash. */
static void
drop_segment(struct buffer *out, size_t start)
{
	bool dropped = false;

	while (out->len > start && !dropped) {
		out->len--;
		dropped = out->at[out->len] == '/';
	}
}

/* Append a path without its dot segments (RFC 3986 section 5.2.4). */
static void
add_without_dots(struct buffer *out, struct span path)
{
	size_t start = out->len;
	struct span segment = { 0 };

	while (path.len > 0) {
		path = span_slice(path, 1, path.len); /* its slash */
		segment = span_slice(path, 0, span_find(path, '/'));
		path = span_slice(path, segment.len, path.len);
		if (span_is(segment, "..")) {
			drop_segment(out, start);
		} else if (!span_is(segment, ".")) {
			buffer_add(out, SPAN("/"));
			buffer_add(out, segment);
		}
	}
	if (span_is(segment, ".") || span_is(segment, ".."))
		buffer_add(out, SPAN("/"));
}

static bool
begins_with(struct span path, struct span base)
{
	return span_starts(path, base) && (path.len == base.len || path.at[base.len] == '/');
}

/* Append the path as clients know it. */
static bool
map_path(const struct location *location, struct span path, struct buffer *out)
{
	size_t start = out->len;
	struct span made;

	if (!begins_with(path, location->base))
		return false;
	path = span_slice(path, location->base.len, path.len);
	buffer_add(out, location->prefix);
	buffer_add(out, path.len == 0 ? SPAN("/") : path);
	if (out->failed)
		return false;
	made = (struct span){ out->at + start, out->len - start };
	if (made.len < 2 || (made.at[1] != '/' && made.at[1] != '\\'))
		return true;
	out->len = start; /* a browser would take it for another host */
	return false;
}

/* The path of a reference, from the root on, without dot segments. */
static void
resolve(const struct location *location, struct span path, struct buffer *whole)
{
	struct buffer merged;
	size_t dir = location->sent.len;

	while (dir > 0 && location->sent.at[dir - 1] != '/')
		dir--;
	buffer_init(&merged, PATH_MAX_BYTES);
	if (path.len == 0 || path.at[0] != '/')
		buffer_add(
		    &merged, path.len == 0 ? location->sent : span_slice(location->sent, 0, dir));
	buffer_add(&merged, path);
	add_without_dots(whole, buffer_span(&merged));
	whole->failed = whole->failed || merged.failed;
	buffer_done(&merged);
}

static bool
map_local(const struct location *location, struct span value, struct buffer *out)
{
	size_t end = first_of(value, "?#");
	struct buffer whole;
	bool mapped;

	buffer_init(&whole, PATH_MAX_BYTES);
	resolve(location, span_slice(value, 0, end), &whole);
	mapped = !whole.failed && map_path(location, buffer_span(&whole), out);
	buffer_done(&whole);
	if (mapped)
		buffer_add(out, span_slice(value, end, value.len));
	return mapped;
}

/* Without a path it refers to the root. */
static bool
map_rooted(const struct location *location, struct span rest, struct buffer *out)
{
	if (rest.at == NULL)
		return false;
	if (rest.len > 0 && rest.at[0] == '/')
		return map_local(location, rest, out);
	if (!map_path(location, SPAN("/"), out))
		return false;
	buffer_add(out, rest);
	return true;
}

bool
location_map(const struct location *location, struct span value, struct buffer *out)
{
	size_t colon = first_of(value, ":/?#");
	struct span scheme = span_slice(value, 0, colon),
		    rest = span_slice(value, colon + 1, value.len);
	bool secure = span_equal_nocase(scheme, SPAN("https"));

	if (value.len == 0 || value.at[0] == '#')
		return false;
	if (span_starts(value, SPAN("//")))
		return map_rooted(
		    location, after_authority(location, value, location->secure), out);
	if (colon == value.len || value.at[colon] != ':')
		return map_local(location, value, out);
	if ((!secure && !span_equal_nocase(scheme, SPAN("http"))) || !span_starts(rest, SPAN("//")))
		return false;
	return map_rooted(location, after_authority(location, rest, secure), out);
}

/* A cookie for a path above the base is for all that is forwarded. */
static bool
map_cookie_path(const struct location *location, struct span path, struct buffer *out)
{
	struct span plain = path;

	if (path.len == 0 || path.at[0] != '/')
		return false;
	if (plain.at[plain.len - 1] == '/')
		plain.len--;
	if (begins_with(location->base, plain)) {
		buffer_add(out, location->prefix.len > 0 ? location->prefix : SPAN("/"));
		return true;
	}
	return map_path(location, path, out);
}

static void
map_attribute(const struct location *location, struct span attribute, struct buffer *out)
{
	size_t equals = span_find(attribute, '=');
	struct span name = span_trim(span_slice(attribute, 0, equals));
	struct span value = span_trim(span_slice(attribute, equals + 1, attribute.len));
	size_t start = out->len;

	buffer_add(out, SPAN(" Path="));
	if (span_equal_nocase(name, SPAN("Path")) && map_cookie_path(location, value, out))
		return;
	out->len = start;
	buffer_add(out, attribute);
}

bool
location_map_cookie(const struct location *location, struct span value, struct buffer *out)
{
	size_t end = span_find(value, ';');

	buffer_add(out, span_slice(value, 0, end));
	while (end < value.len) {
		value = span_slice(value, end + 1, value.len);
		end = span_find(value, ';');
		buffer_add(out, SPAN(";"));
		map_attribute(location, span_slice(value, 0, end), out);
	}
	return !out->failed;
}

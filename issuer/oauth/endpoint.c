/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/endpoint.h"

#include "base/header_line.h"

static const char *const methods[ENDPOINT_COUNT] = {
	[ENDPOINT_TOKEN] = "POST",
	[ENDPOINT_REVOKE] = "POST",
	[ENDPOINT_INTROSPECT] = "POST",
	[ENDPOINT_AUTHORIZE] = "GET, HEAD, POST",
	[ENDPOINT_JWKS] = "GET, HEAD",
	[ENDPOINT_OAUTH] = "GET, HEAD",
	[ENDPOINT_OPENID] = "GET, HEAD",
};

/* "https://host/auth" gives "/auth"; "https://host" gives "". */
static struct span
path_of(struct span url)
{
	size_t i = 0;

	while (i + 2 < url.len && !span_starts(span_slice(url, i, url.len), SPAN("://")))
		i++;
	url = span_slice(url, i + 3, url.len);
	return span_slice(url, span_find(url, '/'), url.len);
}

bool
endpoint_place(const char *issuer, struct arena *arena, struct endpoint_paths *ret_paths)
{
	static const char *const behind[ENDPOINT_COUNT] = {
		[ENDPOINT_TOKEN] = ENDPOINT_TOKEN_PATH,
		[ENDPOINT_REVOKE] = ENDPOINT_REVOKE_PATH,
		[ENDPOINT_INTROSPECT] = ENDPOINT_INTROSPECT_PATH,
		[ENDPOINT_AUTHORIZE] = ENDPOINT_AUTHORIZE_PATH,
		[ENDPOINT_JWKS] = ENDPOINT_JWKS_PATH,
		[ENDPOINT_OAUTH] = "",
		[ENDPOINT_OPENID] = "/.well-known/openid-configuration",
	};
	struct span path = span_of(issuer);
	bool placed = true;

	if (span_ends(path, SPAN("/")))
		path.len--;
	path = path_of(path);
	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		const char *before =
		    i == ENDPOINT_OAUTH ? "/.well-known/oauth-authorization-server" : "";

		ret_paths->at[i] =
		    arena_format(arena, "%s%.*s%s", before, SPAN_ARG(path), behind[i]);
		placed = placed && ret_paths->at[i] != NULL;
	}
	return placed;
}

static enum endpoint
find(const struct endpoint_paths *paths, struct span path)
{
	int i;

	if (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	for (i = 0; i < ENDPOINT_COUNT; i++) {
		if (span_equal_nocase(path, span_of(paths->at[i])))
			break;
	}
	return (enum endpoint)i;
}

static bool
takes(const char *list, struct span method)
{
	struct span rest = span_of(list), one;

	while (span_cut(&rest, ',', &one)) {
		if (span_starts(one, SPAN(" ")))
			one = span_slice(one, 1, one.len);
		if (span_equal(one, method))
			return true;
	}
	return false;
}

struct endpoint_line
endpoint_read_line(const struct endpoint_paths *paths, const struct endpoint_request *request)
{
	struct endpoint_line line = { find(paths, request->path), 200, "", "" };

	if (line.endpoint == ENDPOINT_COUNT)
		return line;
	if (!span_is(request->path, paths->at[line.endpoint])) {
		line.status = 404;
		line.told = "this endpoint's path is exactly ";
		line.wanted = paths->at[line.endpoint];
	} else if (!takes(methods[line.endpoint], request->method)) {
		line.status = 405;
		line.told = "the method must be ";
		line.wanted = methods[line.endpoint];
	} else if (line.endpoint == ENDPOINT_AUTHORIZE) {
		line.status = 400;
		line.told = ENDPOINT_NO_LOGIN;
	} else if (request->has_query && span_is(request->method, "POST")) {
		line.status = 400;
		line.told = ENDPOINT_NO_QUERY;
	}
	return line;
}

void
endpoint_answer_json(struct endpoint_answer *answer)
{
	header_line_add(&answer->headers, SPAN("Content-Type"), SPAN("application/json"));
	header_line_add(&answer->headers, SPAN("Cache-Control"), SPAN("no-store"));
}

bool
endpoint_turn_away(const struct endpoint_line *line, struct endpoint_answer *answer)
{
	if (line->endpoint == ENDPOINT_COUNT || (line->status != 404 && line->status != 405))
		return false;
	answer->status = line->status;
	answer->error = "invalid_request";
	if (line->status == 405)
		header_line_add(&answer->headers, SPAN("Allow"), span_of(line->wanted));
	endpoint_answer_json(answer);
	buffer_format(&answer->body,
	    "{\"error\":\"invalid_request\",\"error_description\":\"%s%s\"}", line->told,
	    line->wanted);
	return true;
}

void
endpoint_answer_failed(struct endpoint_answer *answer)
{
	if (!answer->headers.failed && !answer->body.failed)
		return;
	buffer_reset(&answer->headers);
	buffer_reset(&answer->body);
	answer->status = 500;
	answer->error = "server_error";
}

void
endpoint_answer_done(struct endpoint_answer *answer)
{
	buffer_done(&answer->headers);
	buffer_wipe(&answer->body);
	buffer_wipe(&answer->introspected);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cors.h"

#include <string.h>

#include "base/header_line.h"

/* Headers of the gate's own that a script needs to understand a refusal; always exposed. */
static const char *const exposed[] = { "X-Request-Id", "X-Postern", "WWW-Authenticate",
	"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", NULL };

const struct field cors_fields[] = {
	{ .key = "origins",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct cors, origins),
	    .required = true,
	    .help = "origins whose pages may call, as in https://app.example; or \"*\"" },
	{ .key = "methods",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct cors, methods),
	    .help = "methods that a page may use, besides GET, HEAD and POST" },
	{ .key = "headers",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct cors, headers),
	    .help = "headers that a page may send; default: Authorization, Content-Type" },
	{ .key = "expose",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct cors, expose),
	    .help = "headers of the answer that a page may read, besides those of the gate" },
	{ .key = "credentials",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct cors, credentials),
	    .default_value = "false",
	    .help = "whether a page may make the browser send cookies and client certificates" },
	{ .key = "max_age",
	    .type = FIELD_DURATION_S,
	    .offset = offsetof(struct cors, max_age_s),
	    .max = 86400,
	    .default_value = "10m",
	    .help = "how long a browser may remember the answer to a preflight" },
	{ .key = NULL },
};

static bool
is_any(const struct cors *cors)
{
	return cors->origins.count == 1 && strcmp(cors->origins.at[0], "*") == 0;
}

static bool
consists_of(const char *text, const char *bytes)
{
	return text[0] != '\0' && text[strspn(text, bytes)] == '\0';
}

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Does the text end in the port that its scheme has anyway? Browsers leave it out. */
static bool
has_default_port(struct span origin)
{
	return (span_starts(origin, SPAN("http://")) && span_ends(origin, SPAN(":80"))) ||
	       (span_starts(origin, SPAN("https://")) && span_ends(origin, SPAN(":443")));
}

/* SCHEME://HOST or SCHEME://HOST:PORT, in the spelling of browsers. */
static bool
is_origin(const char *text)
{
	const char *host = strstr(text, "://");
	size_t scheme = host == NULL ? 0 : (size_t)(host - text);

	return scheme > 0 && strspn(text, SMALL DIGITS "+.-") == scheme &&
	       strchr(SMALL, text[0]) != NULL &&
	       consists_of(host + 3, SMALL CAPITALS DIGITS "-._~:[]") &&
	       !has_default_port(span_of(text));
}

/* What is wrong with one of the origins; NULL: nothing. */
static const char *
lint_origin(const struct cors *cors, const char *origin)
{
	bool web = span_starts(span_of(origin), SPAN("http://")) ||
		   span_starts(span_of(origin), SPAN("https://"));

	if (strcmp(origin, "*") == 0 && cors->origins.count > 1)
		return "is every origin and stands alone";
	if (strcmp(origin, "*") == 0)
		return cors->credentials ? "cannot stand with \"credentials\": list the origins"
					 : NULL;
	if (strcmp(origin, "null") == 0)
		return "is what any page can make of its origin";
	if (strchr(origin, '*') != NULL)
		return "is compared exactly: list each origin";
	if (!is_origin(origin))
		return "must be SCHEME://HOST or SCHEME://HOST:PORT, without a path, a slash at "
		       "the "
		       "end or the scheme's own port";
	if (web && strpbrk(origin, CAPITALS) != NULL)
		return "must be in lower case, as browsers write it";
	return NULL;
}

static void
check_origins(const struct cors *cors, struct mistakes *mistakes)
{
	if (cors->origins.node != NULL && cors->origins.count == 0)
		mistake_at(mistakes, cors->origins.node, "is empty");
	for (size_t i = 0; i < cors->origins.count; i++) {
		const char *wrong = lint_origin(cors, cors->origins.at[i]);

		if (wrong != NULL)
			mistake_at_key(mistakes, cors->origins.node, "\"%.64s\" %s",
			    cors->origins.at[i], wrong);
	}
}

/* Names of methods or headers. */
static void
check_names(const struct texts *names, struct mistakes *mistakes)
{
	for (size_t i = 0; i < names->count; i++)
		if (!consists_of(names->at[i], SMALL CAPITALS DIGITS "-_"))
			mistake_at_key(mistakes, names->node,
			    "\"%.64s\" is no name; list each, for there is no wildcard",
			    names->at[i]);
}

const struct cors *
cors_read(const struct node *map, struct mistakes *mistakes)
{
	static const char *ordinary[] = { "Authorization", "Content-Type" };
	struct cors *cors;

	if (map == NULL)
		return NULL;
	cors = arena_alloc(mistakes->arena, sizeof(*cors));
	if (cors == NULL) {
		mistake_at(mistakes, map, ERR_MEMORY);
		return NULL;
	}
	schema_read(map, cors_fields, cors, mistakes);
	check_origins(cors, mistakes);
	check_names(&cors->methods, mistakes);
	check_names(&cors->headers, mistakes);
	check_names(&cors->expose, mistakes);
	if (cors->headers.node == NULL)
		cors->headers = (struct texts){ ordinary, 2, NULL };
	return cors;
}

bool
cors_allows(const struct cors *cors, struct span origin)
{
	if (origin.at == NULL)
		return false;
	for (size_t i = 0; i < cors->origins.count; i++)
		if (span_is(origin, cors->origins.at[i]))
			return true;
	return is_any(cors);
}

static void
add_names(struct buffer *lines, const struct texts *names)
{
	for (size_t i = 0; i < names->count; i++) {
		buffer_add_text(lines, i == 0 ? "" : ", ");
		buffer_add_text(lines, names->at[i]);
	}
}

static void
add_list(struct buffer *lines, const char *name, const struct texts *names)
{
	if (names->count == 0)
		return;
	buffer_format(lines, "%s: ", name);
	add_names(lines, names);
	buffer_add_text(lines, "\r\n");
}

static void
add_allowed(const struct cors *cors, struct span origin, struct buffer *lines)
{
	header_line_add(
	    lines, SPAN("Access-Control-Allow-Origin"), is_any(cors) ? SPAN("*") : origin);
	if (cors->credentials)
		header_line_add(lines, SPAN("Access-Control-Allow-Credentials"), SPAN("true"));
}

void
cors_add_answer(const struct cors *cors, struct span origin, struct buffer *lines)
{
	if (!is_any(cors))
		header_line_add(lines, SPAN("Vary"), SPAN("Origin"));
	if (!cors_allows(cors, origin))
		return;
	add_allowed(cors, origin, lines);
	buffer_add_text(lines, "Access-Control-Expose-Headers: ");
	for (size_t i = 0; exposed[i] != NULL; i++) {
		buffer_add_text(lines, i == 0 ? "" : ", ");
		buffer_add_text(lines, exposed[i]);
	}
	buffer_add_text(lines, cors->expose.count > 0 ? ", " : "");
	add_names(lines, &cors->expose);
	buffer_add_text(lines, "\r\n");
}

void
cors_add_preflight(const struct cors *cors, struct span origin, struct buffer *lines)
{
	header_line_add(lines, SPAN("Vary"),
	    SPAN("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
	add_allowed(cors, origin, lines);
	add_list(lines, "Access-Control-Allow-Methods", &cors->methods);
	add_list(lines, "Access-Control-Allow-Headers", &cors->headers);
	header_line_add_number(lines, SPAN("Access-Control-Max-Age"), cors->max_age_s);
}

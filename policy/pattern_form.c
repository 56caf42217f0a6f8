/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_form.h"

#include <stdio.h>
#include <string.h>

#include "policy/pattern.h"
#include "policy/segment.h"
#include "policy/target.h"

#define PATTERN_MAX_BYTES 4096u

static bool
is_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.at[i];
		bool letter =
		    (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';

		if (!letter && (i == 0 || ((byte < '0' || byte > '9') && byte != '-')))
			return false;
	}
	return name.len > 0;
}

size_t
pattern_form_place(struct span pattern, struct span name)
{
	struct span segment;

	for (size_t i = 0; segment_next(&pattern, &segment); i++)
		if (segment_variable(segment).at != NULL &&
		    span_equal(segment_variable(segment), name))
			return i;
	return SIZE_MAX;
}

/* Of the segment at that place in the pattern. */
static bool
check_braces(struct span pattern, size_t at, struct span segment, struct err *reterr)
{
	struct span name = segment_variable(segment);

	if (span_find(segment, '{') == segment.len && span_find(segment, '}') == segment.len)
		return true;
	if (name.at == NULL)
		return err_set(reterr, "{NAME} must be a whole segment");
	if (!is_name(name))
		return err_set(reterr,
		    "the name in {NAME} must begin with a letter, and have letters, digits, \"_\" "
		    "and \"-\" only");
	if (pattern_form_place(pattern, name) != at)
		return err_set(reterr, "{%.*s} is there twice", SPAN_ARG(name));
	return true;
}

static bool
check_star(struct span segment, struct err *reterr)
{
	size_t star = span_find(segment, '*');

	if (span_is(segment, "**"))
		return err_set(reterr,
		    "\"**\" is not supported: a \"/*\" at the end is the whole subtree, a "
		    "\"*\" before it is one segment");
	if (star < segment.len &&
	    span_find(span_slice(segment, star + 1, segment.len), '*') < segment.len - star - 1)
		return err_set(
		    reterr, "must have at most one \"*\" in a segment (a literal star is %%2A)");
	return true;
}

static bool
check_segments(struct span pattern, struct err *reterr)
{
	struct span rest = pattern, segment;

	for (size_t i = 0; segment_next(&rest, &segment); i++) {
		if (i == PATTERN_MAX_SEGMENTS)
			return err_set(
			    reterr, "must have at most %d segments", PATTERN_MAX_SEGMENTS);
		if (!check_braces(pattern, i, segment, reterr) || !check_star(segment, reterr))
			return false;
	}
	return true;
}

/* For what does not start with "/". */
static const char *
instead_of(struct span pattern)
{
	if (span_starts(pattern, SPAN("http://")) || span_starts(pattern, SPAN("https://")))
		return ": write the path alone, without scheme and host";
	if (span_starts(pattern, SPAN("^")) || span_starts(pattern, SPAN("~")))
		return ": it is no regular expression; \"*\" is one segment, and a \"/*\" at the "
		       "end the whole subtree";
	if (span_is(pattern, "*") || span_is(pattern, "**"))
		return ": every path is \"/*\"";
	return "";
}

struct span
pattern_form_plain(struct span pattern, struct arena *arena)
{
	char *text = arena_text(arena, pattern);
	size_t len = 0;

	for (size_t i = 0; text != NULL && i < pattern.len; i++) {
		if (pattern.at[i] != '{') {
			text[len++] = pattern.at[i];
			continue;
		}
		text[len++] = '*';
		i += span_find(span_slice(pattern, i, pattern.len), '}');
	}
	return (struct span){ text, len };
}

/* A canonical spelling with the pattern's own {NAME}s, which are stars there. "": no memory. */
static const char *
named(struct span pattern, struct span canonical, struct arena *arena)
{
	char *text = arena_alloc(arena, pattern.len + canonical.len + 1);
	struct span own, piece;
	size_t len = 0;

	if (text == NULL)
		return "";
	pattern = span_slice(pattern, 1, pattern.len);
	canonical = span_slice(canonical, 1, canonical.len);
	while (span_cut(&canonical, '/', &piece) && span_cut(&pattern, '/', &own)) {
		if (span_starts(own, SPAN("{")))
			piece = own;
		text[len++] = '/';
		memcpy(text + len, piece.at, piece.len);
		len += piece.len;
	}
	text[len] = '\0';
	return text;
}

/* The same path, where spaces and letters beyond ASCII are escaped. at == NULL: no memory. */
static struct span
escaped(struct span plain, struct arena *arena)
{
	char *text = arena_alloc(arena, 3 * plain.len + 1);
	size_t len = 0;

	for (size_t i = 0; text != NULL && i < plain.len; i++) {
		unsigned char byte = (unsigned char)plain.at[i];

		if (byte == ' ' || byte > '~')
			len += (size_t)snprintf(text + len, 4, "%%%02X", (unsigned)byte);
		else
			text[len++] = (char)byte;
	}
	return (struct span){ text, len };
}

const char *
pattern_form_spelled(struct span pattern, struct arena *arena)
{
	struct span plain = pattern_form_plain(pattern, arena), other = escaped(plain, arena);
	struct target target;

	if (plain.at == NULL || other.at == NULL || target_read(other, arena, &target) != REASON_OK)
		return NULL;
	return named(pattern, target.path, arena);
}

/* Is it its own canonical spelling? */
static bool
check_spelling(struct span pattern, struct arena *arena, struct err *reterr)
{
	struct span plain = pattern_form_plain(pattern, arena);
	const char *better = pattern_form_spelled(pattern, arena);
	struct target target;

	if (plain.at == NULL)
		return err_set(reterr, "out of memory");
	if (target_read(plain, arena, &target) != REASON_OK)
		return err_set(reterr, "no path can match it: the gate refuses %s%s%s",
		    target.detail, better == NULL ? "" : ": write ", better == NULL ? "" : better);
	if (!span_equal(target.path, plain))
		return err_set(
		    reterr, "must be in canonical spelling: %s", better == NULL ? "" : better);
	return true;
}

bool
pattern_form_check(struct span pattern, struct err *reterr)
{
	struct arena arena;
	bool done = false;

	arena_init(&arena, 1 << 17);
	if (pattern.len == 0 || pattern.at[0] != '/')
		err_set(reterr, "must start with \"/\"%s", instead_of(pattern));
	else if (pattern.len > PATTERN_MAX_BYTES)
		err_set(reterr, "must have at most %u bytes", PATTERN_MAX_BYTES);
	else if (span_find(pattern, '?') < pattern.len)
		err_set(reterr, "must be a path, without a query (an encoded \"?\" is %%3F)");
	else if (span_find(pattern, '<') < pattern.len)
		err_set(reterr, "<NAME> is not supported here: write \"*\" instead");
	else if (!check_segments(pattern, reterr))
		done = false;
	else if (pattern.len > 1 && span_ends(pattern, SPAN("/")))
		err_set(reterr, "must not end in \"/\": write %.*s, which matches both",
		    (int)pattern.len - 1, pattern.at);
	else
		done = check_spelling(pattern, &arena, reterr);
	arena_done(&arena);
	return done;
}

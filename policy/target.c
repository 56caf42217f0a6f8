/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/target.h"

#include <stdint.h>

#include "base/digits.h"
#include "base/utf8.h"
#include "policy/fold.h"

#define DETAIL_ESCAPE "an invalid percent-escape"
#define DETAIL_CONTROL "an encoded control character"
#define DETAIL_DOTS "a segment of dots"
#define DETAIL_EMPTY "an empty segment"
#define DETAIL_SPACE "a segment that ends in a space"

/* The work on one target. */
struct reading {
	struct target *target;
	char *canonical; /* written so far: `len` bytes; has room for the whole path */
	size_t len;
	char *decoded; /* the segment at hand, `decoded_len` bytes; room for the whole path */
	size_t decoded_len;
};

static enum reason
refuse(struct target *target, enum reason reason, const char *detail)
{
	target->detail = detail;
	return reason;
}

static enum reason
ambiguous(struct reading *reading, const char *detail)
{
	return refuse(reading->target, REASON_PATH_AMBIGUOUS, detail);
}

/* RFC 3986 section 2.3. */
static bool
is_unreserved(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
	       byte == '~';
}

/* What ends a part of a segment for a reader that cuts off parameters or decodes twice. */
static bool
is_delimiter(char byte)
{
	return byte == '/' || byte == ';' || byte == '?' || byte == '#';
}

/* Characters refused anywhere in a target, in path and query. */
static enum reason
check_bytes(struct span raw, struct target *target)
{
	if (raw.len == 0 || raw.at[0] != '/')
		return refuse(
		    target, REASON_REQUEST_MALFORMED, "the target does not start with \"/\"");
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char byte = (unsigned char)raw.at[i];

		if (byte <= ' ' || byte >= 0x7f)
			return refuse(target, REASON_REQUEST_MALFORMED,
			    "a space, control or 8-bit byte in the target");
		if (byte == '#')
			return refuse(target, REASON_PATH_AMBIGUOUS, "a fragment");
	}
	return REASON_OK;
}

static void
put_escape(struct reading *reading, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	reading->canonical[reading->len++] = '%';
	reading->canonical[reading->len++] = digits[byte >> 4];
	reading->canonical[reading->len++] = digits[byte & 15];
}

static enum reason
take_escape(struct reading *reading, unsigned char byte)
{
	if (byte < 0x20 || byte == 0x7f)
		return ambiguous(reading, DETAIL_CONTROL);
	if (byte == '\\')
		return ambiguous(reading, "an encoded backslash");
	if (byte == '%')
		return ambiguous(reading, "an encoded percent sign");
	if (byte == ';')
		reading->target->mild |= TARGET_SEMICOLON;
	else if (is_delimiter((char)byte))
		reading->target->mild |= TARGET_ENCODED_DELIMITERS;
	if (is_unreserved(byte))
		reading->canonical[reading->len++] = (char)byte;
	else
		put_escape(reading, byte);
	reading->decoded[reading->decoded_len++] = (char)byte;
	return REASON_OK;
}

/* The visible ASCII that RFC 3986 has in no path. */
static bool
must_be_escaped(char byte)
{
	return byte == '"' || byte == '<' || byte == '>' || byte == '^' || byte == '`' ||
	       byte == '{' || byte == '|' || byte == '}';
}

static enum reason
take_plain(struct reading *reading, char byte)
{
	if (byte == '\\')
		return ambiguous(reading, "a backslash");
	if (must_be_escaped(byte))
		return refuse(reading->target, REASON_REQUEST_MALFORMED,
		    "a character that must be escaped in a path");
	if (byte == ';')
		reading->target->mild |= TARGET_SEMICOLON;
	reading->canonical[reading->len++] = byte;
	reading->decoded[reading->decoded_len++] = byte;
	return REASON_OK;
}

/* Take one segment: its canonical spelling is appended, `decoded` holds its bytes. */
static enum reason
take_segment(struct reading *reading, struct span segment)
{
	enum reason reason = REASON_OK;
	int high, low;

	reading->decoded_len = 0;
	for (size_t i = 0; i < segment.len && reason == REASON_OK; i++) {
		if (segment.at[i] != '%') {
			reason = take_plain(reading, segment.at[i]);
			continue;
		}
		high = segment.len - i > 2 ? digits_hex(segment.at[i + 1]) : -1;
		low = segment.len - i > 2 ? digits_hex(segment.at[i + 2]) : -1;
		if (high < 0 || low < 0)
			return ambiguous(reading, DETAIL_ESCAPE);
		reason = take_escape(reading, (unsigned char)(high * 16 + low));
		i += 2;
	}
	return reason;
}

/* How many bytes at the front are ASCII, which no folding changes, and neither dot nor space:
 * nearly always all of them. */
static size_t
plain_len(struct span part)
{
	size_t i = 0;

	while (i < part.len && part.at[i] > ' ' && part.at[i] < 0x7f && part.at[i] != '.')
		i++;
	return i;
}

/* Why a character above ASCII may be nowhere in a path; NULL: it may. */
static const char *
wrong_character(uint32_t point)
{
	if (point >= 0x80 && point < 0xa0)
		return DETAIL_CONTROL;
	return fold_separates(point) ? "a character that can be folded to a dot or a slash" : NULL;
}

/*
 * Check a part between delimiters. Dots and spaces, with characters among them that folding drops,
 * are a way to write "." or ".." on some system.
 */
static enum reason
check_part(struct reading *reading, struct span part)
{
	size_t plain = plain_len(part), len;
	/* the last character that folding does not drop */
	uint32_t point, end = plain > 0 ? (unsigned char)part.at[plain - 1] : 0;
	bool only_dots = part.len > 0 && plain == 0;
	struct span rest = span_slice(part, plain, part.len);
	const char *wrong;

	for (; rest.len > 0; rest = span_slice(rest, len, rest.len)) {
		len = utf8_read(rest, &point);
		if (len == 0)
			return ambiguous(reading, "bytes that are not UTF-8");
		wrong = wrong_character(point);
		if (wrong != NULL)
			return ambiguous(reading, wrong);
		if (point != '.' && !fold_is_space(point) && !fold_is_nothing(point))
			only_dots = false;
		if (!fold_is_nothing(point))
			end = point;
	}
	if (fold_is_space(end))
		return ambiguous(reading, DETAIL_SPACE);
	if (only_dots)
		return ambiguous(reading, DETAIL_DOTS);
	if (end == '.')
		reading->target->mild |= TARGET_TRAILING_DOT;
	return REASON_OK;
}

/* Check a decoded segment, part by part. `last`: it ends the path, where it may be empty. */
static enum reason
check_segment(struct reading *reading, bool last)
{
	struct span rest = { reading->decoded, reading->decoded_len };
	enum reason reason;
	size_t len = 0;

	if (rest.len == 0)
		return last ? REASON_OK : ambiguous(reading, DETAIL_EMPTY);
	if (rest.at[0] == '/' || rest.at[0] == ';')
		return ambiguous(reading, DETAIL_EMPTY);
	if (!last && rest.at[rest.len - 1] == '/')
		return ambiguous(reading, DETAIL_EMPTY);
	for (;;) {
		while (len < rest.len && !is_delimiter(rest.at[len]))
			len++;
		reason = check_part(reading, span_slice(rest, 0, len));
		if (reason != REASON_OK || len == rest.len)
			return reason;
		/* "a%2F;b" and "a%2F%2Fb": nothing between a slash and the next one */
		if (rest.at[len] == '/' && len + 1 < rest.len &&
		    strchr("/;", rest.at[len + 1]) != NULL)
			return ambiguous(reading, DETAIL_EMPTY);
		rest = span_slice(rest, len + 1, rest.len);
		len = 0;
	}
}

static enum reason
read_path(struct reading *reading, struct span path)
{
	struct span rest = span_slice(path, 1, path.len), segment;
	enum reason reason;
	size_t segments = 0, end;
	bool last = false;

	while (!last) {
		end = span_find(rest, '/');
		last = end == rest.len;
		segment = span_slice(rest, 0, end);
		rest = span_slice(rest, end + 1, rest.len);
		if (++segments > TARGET_MAX_SEGMENTS)
			return ambiguous(reading, "too many segments");
		reading->canonical[reading->len++] = '/';
		reason = take_segment(reading, segment);
		if (reason == REASON_OK)
			reason = check_segment(reading, last);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

enum reason
target_read(struct span raw, struct arena *arena, struct target *target)
{
	struct reading reading = { .target = target };
	enum reason reason;
	size_t question;

	*target = (struct target){ 0 };
	reason = check_bytes(raw, target);
	if (reason != REASON_OK)
		return reason;
	question = span_find(raw, '?');
	target->has_query = question < raw.len;
	target->query = span_slice(raw, question + 1, raw.len);
	reading.canonical = arena_alloc(arena, question + 1);
	reading.decoded = arena_alloc(arena, question + 1);
	if (reading.canonical == NULL || reading.decoded == NULL)
		return refuse(target, REASON_OVERLOADED, "out of memory");
	reason = read_path(&reading, span_slice(raw, 0, question));
	if (reason == REASON_OK)
		target->path = (struct span){ reading.canonical, reading.len };
	return reason;
}

const char *
target_mild_text(unsigned mild)
{
	static const char *const texts[] = {
		"",
		"a semicolon in a segment",
		"an encoded / ? or #",
		"a semicolon in a segment, an encoded / ? or #",
		"a segment that ends in a dot",
		"a semicolon in a segment, a segment that ends in a dot",
		"an encoded / ? or #, a segment that ends in a dot",
		"a semicolon in a segment, an encoded / ? or #, a segment that ends in a dot",
	};

	return texts[mild & 7];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/target.h"

#include <stdint.h>
#include <string.h>

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
	bool foreign; /* which holds a byte above ASCII */
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

static bool
is_slash(char byte)
{
	return byte == '/' || byte == '\\';
}

/* What ends a part of a segment for a reader that cuts off parameters or decodes twice. */
static bool
is_delimiter(char byte)
{
	return is_slash(byte) || byte == ';' || byte == '?' || byte == '#';
}

/* The mild ambiguity that an escape of this byte is; 0: none. */
static unsigned
mild_of_escape(unsigned char byte)
{
	if (byte == ';')
		return TARGET_SEMICOLON;
	if (byte == '\\')
		return TARGET_ENCODED_BACKSLASH;
	if (byte == '%')
		return TARGET_ENCODED_PERCENT;
	return is_delimiter((char)byte) ? TARGET_ENCODED_DELIMITERS : 0;
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
	reading->target->mild |= mild_of_escape(byte);
	if (byte >= 0x80)
		reading->foreign = true;
	if (is_unreserved(byte))
		reading->canonical[reading->len++] = (char)byte;
	else
		put_escape(reading, byte);
	reading->decoded[reading->decoded_len++] = (char)byte;
	return REASON_OK;
}

/* The visible ASCII that RFC 3986 has in no path, but for the pipe. */
static bool
must_be_escaped(char byte)
{
	return byte == '"' || byte == '<' || byte == '>' || byte == '^' || byte == '`' ||
	       byte == '{' || byte == '}';
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
	if (byte == '|')
		reading->target->mild |= TARGET_RAW_PIPE;
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
	reading->foreign = false;
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

	for (; rest.len > 0; rest = span_slice(rest, len, rest.len)) {
		len = utf8_read(rest, &point);
		if (len == 0)
			return ambiguous(reading, "bytes that are not UTF-8");
		if (point >= 0x80 && point < 0xa0)
			return ambiguous(reading, DETAIL_CONTROL);
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

/* Put in place of characters that fold to dots and slashes what they fold to. */
static void
fold_segment(struct reading *reading)
{
	struct span rest = { reading->decoded, reading->decoded_len };
	const char *text;
	uint32_t point;
	size_t len;

	if (!reading->foreign)
		return;
	reading->decoded_len = 0;
	for (; rest.len > 0; rest = span_slice(rest, len, rest.len)) {
		len = utf8_read(rest, &point);
		text = len == 0 ? NULL : fold_separator(point);
		len = len == 0 ? 1 : len; /* check_part() refuses it */
		if (text != NULL) {
			reading->target->mild |= TARGET_ANY_UTF8;
			memcpy(reading->decoded + reading->decoded_len, text, strlen(text));
			reading->decoded_len += strlen(text);
		} else {
			memmove(reading->decoded + reading->decoded_len, rest.at, len);
			reading->decoded_len += len;
		}
	}
}

/* Is nothing in front of its first slash or semicolon? */
static bool
starts_empty(struct span text)
{
	return text.len > 0 && (is_slash(text.at[0]) || text.at[0] == ';');
}

/* Check a decoded and folded segment, part by part. `last`: it ends the path, where it may be
 * empty. */
static enum reason
check_parts(struct reading *reading, bool last)
{
	struct span rest = { reading->decoded, reading->decoded_len };
	enum reason reason;
	size_t len = 0;

	if (rest.len == 0)
		return last ? REASON_OK : ambiguous(reading, DETAIL_EMPTY);
	if (starts_empty(rest) || (!last && is_slash(rest.at[rest.len - 1])))
		return ambiguous(reading, DETAIL_EMPTY);
	for (;;) {
		while (len < rest.len && !is_delimiter(rest.at[len]))
			len++;
		reason = check_part(reading, span_slice(rest, 0, len));
		if (reason != REASON_OK || len == rest.len)
			return reason;
		/* "a%2F;b" and "a%2F%2Fb": nothing between a slash and the next one */
		if (is_slash(rest.at[len]) && starts_empty(span_slice(rest, len + 1, rest.len)))
			return ambiguous(reading, DETAIL_EMPTY);
		rest = span_slice(rest, len + 1, rest.len);
		len = 0;
	}
}

static bool
are_hex(struct span digits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (i >= digits.len || digits_hex(digits.at[i]) < 0)
			return false;
	return true;
}

/* What the escape at the front of `text` is to somebody who decodes a second time; -1: none. Some
 * take %uXXXX for one, too. */
static int
escape_again(struct span text)
{
	struct span digits = span_slice(text, 1, text.len);

	if (text.at[0] != '%')
		return -1;
	if (digits.len > 0 && (digits.at[0] | 0x20) == 'u' &&
	    are_hex(span_slice(digits, 1, digits.len), 4))
		return '%';
	if (!are_hex(digits, 2))
		return -1;
	return digits_hex(digits.at[0]) * 16 + digits_hex(digits.at[1]);
}

/* Decode a segment with a percent sign a second time. Only what has to be escaped may be there:
 * everything else would be another path to those who do so. */
static enum reason
decode_again(struct reading *reading)
{
	struct span text = { reading->decoded, reading->decoded_len };
	size_t len = 0;
	int byte;

	for (size_t i = 0; i < text.len; i++) {
		byte = escape_again(span_slice(text, i, text.len));
		if (byte < 0) {
			reading->decoded[len++] = text.at[i];
			continue;
		}
		if (byte < 0x20 || byte == 0x7f)
			return ambiguous(reading, DETAIL_CONTROL);
		if (byte == '%' || is_unreserved((unsigned char)byte))
			return ambiguous(reading, "an escape behind an encoded percent sign");
		reading->target->mild |= mild_of_escape((unsigned char)byte);
		if (byte >= 0x80)
			reading->foreign = true;
		reading->decoded[len++] = (char)byte;
		i += 2;
	}
	reading->decoded_len = len;
	return REASON_OK;
}

/* Check a decoded segment, as everybody may read it. */
static enum reason
check_segment(struct reading *reading, bool last)
{
	bool percent = memchr(reading->decoded, '%', reading->decoded_len) != NULL;
	enum reason reason;

	fold_segment(reading);
	reason = check_parts(reading, last);
	if (reason != REASON_OK || !percent)
		return reason;
	reason = decode_again(reading);
	if (reason != REASON_OK)
		return reason;
	fold_segment(reading);
	return check_parts(reading, last);
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

/* A text for each combination: an item less has the others in front of it, or not. */
#define WITH_SEMICOLON(rest) rest, ", a semicolon in a segment" rest
#define WITH_DELIMITERS(rest) WITH_SEMICOLON(rest), WITH_SEMICOLON(", an encoded / ? or #" rest)
#define WITH_DOT(rest) WITH_DELIMITERS(rest), WITH_DELIMITERS(", a segment that ends in a dot" rest)
#define WITH_PERCENT(rest) WITH_DOT(rest), WITH_DOT(", an encoded percent sign" rest)
#define WITH_BACKSLASH(rest) WITH_PERCENT(rest), WITH_PERCENT(", an encoded backslash" rest)
#define WITH_UTF8(rest)                                                                            \
	WITH_BACKSLASH(rest),                                                                      \
	    WITH_BACKSLASH(", a character that can be folded to a dot or a slash" rest)
#define WITH_PIPE(rest) WITH_UTF8(rest), WITH_UTF8(", a plain |" rest)

const char *
target_mild_text(unsigned mild)
{
	static const char *const texts[] = { WITH_PIPE("") };

	return mild == 0 ? "" : texts[mild & (TARGET_MILD_END - 1)] + strlen(", ");
}

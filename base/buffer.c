/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#define ROOM_FIRST 256

void
buffer_init(struct buffer *buffer, size_t max_bytes)
{
	*buffer = (struct buffer){ .max_bytes = max_bytes };
}

void
buffer_init_within(struct buffer *buffer, size_t max_bytes, char *start, size_t start_bytes)
{
	*buffer = (struct buffer){ .at = start,
		.room = start_bytes <= max_bytes ? start_bytes : max_bytes + 1,
		.max_bytes = max_bytes,
		.lent = true };
	start[0] = '\0';
}

static void
release(struct buffer *buffer)
{
	if (!buffer->lent)
		free(buffer->at);
	buffer->lent = false;
}

void
buffer_done(struct buffer *buffer)
{
	release(buffer);
	buffer_init(buffer, buffer->max_bytes);
}

void
buffer_wipe(struct buffer *buffer)
{
	if (buffer->at != NULL)
		explicit_bzero(buffer->at, buffer->room);
	buffer_done(buffer);
}

void
buffer_reset(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->failed = false;
	if (buffer->at != NULL)
		buffer->at[0] = '\0';
}

/* Not realloc(): it may leave a copy behind that buffer_wipe() could not reach. */
static bool
move_to(struct buffer *buffer, size_t room)
{
	char *at = malloc(room);

	if (at == NULL)
		return false;
	if (buffer->at != NULL) {
		memcpy(at, buffer->at, buffer->len + 1);
		explicit_bzero(buffer->at, buffer->len);
		release(buffer);
	} else {
		at[0] = '\0';
	}
	buffer->at = at;
	buffer->room = room;
	return true;
}

/* Make room for `more` bytes and the NUL, or mark the failure. */
static bool
reserve(struct buffer *buffer, size_t more)
{
	size_t need;
	size_t room;

	if (buffer->failed)
		return false;
	if (buffer->room - buffer->len > more) /* nearly always */
		return true;
	buffer->failed = true;
	if (more > buffer->max_bytes - buffer->len || buffer->max_bytes >= SIZE_MAX / 2)
		return false;
	need = buffer->len + more + 1;
	if (need > buffer->room) {
		room = buffer->room * 2 > ROOM_FIRST ? buffer->room * 2 : ROOM_FIRST;
		if (room > buffer->max_bytes + 1)
			room = buffer->max_bytes + 1;
		if (!move_to(buffer, room < need ? need : room))
			return false;
	}
	buffer->failed = false;
	return true;
}

void
buffer_reserve(struct buffer *buffer, size_t bytes)
{
	(void)reserve(buffer, bytes);
}

char *
buffer_extend(struct buffer *buffer, size_t bytes)
{
	char *end;

	if (!reserve(buffer, bytes))
		return NULL;
	end = buffer->at + buffer->len;
	buffer->len += bytes;
	buffer->at[buffer->len] = '\0';
	return end;
}

char *
buffer_space(struct buffer *buffer, size_t least, size_t *ret_room)
{
	if (!reserve(buffer, least))
		return NULL;
	*ret_room = buffer->room - buffer->len - 1;
	return buffer->at + buffer->len;
}

void
buffer_took(struct buffer *buffer, size_t bytes)
{
	buffer->len += bytes;
	buffer->at[buffer->len] = '\0';
}

void
buffer_add_number(struct buffer *buffer, int64_t number)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		digits[--at] = '-';
	buffer_add(buffer, (struct span){ digits + at, sizeof(digits) - at });
}

void
buffer_add(struct buffer *buffer, struct span span)
{
	if (!reserve(buffer, span.len) || span.len == 0)
		return;
	memcpy(buffer->at + buffer->len, span.at, span.len);
	buffer->len += span.len;
	buffer->at[buffer->len] = '\0';
}

void
buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, span_of(text));
}

void
buffer_add_byte(struct buffer *buffer, char byte)
{
	buffer_add(buffer, (struct span){ &byte, 1 });
}

void
buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		buffer->failed = true;
	if (len < 0 || !reserve(buffer, (size_t)len))
		return;
	va_start(args, format);
	(void)vsnprintf(buffer->at + buffer->len, (size_t)len + 1, format, args);
	va_end(args);
	buffer->len += (size_t)len;
}

/* Non-ASCII characters that some programs take for a line end or a terminal command. */
static bool
is_control(uint32_t point)
{
	return (point >= 0x80 && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

static void
add_escaped_ascii(struct buffer *buffer, unsigned char byte)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
		if ((unsigned char)shorts[i] == byte) {
			buffer_add(buffer, (struct span){ (char[]){ '\\', shorts[i + 1] }, 2 });
			return;
		}
	}
	buffer_format(buffer, "\\u%04x", byte);
}

/* Add the one character at the front, which is not plain. Returns the bytes it took. */
static size_t
add_special(struct buffer *buffer, struct span rest)
{
	uint32_t point;
	size_t len = utf8_read(rest, &point);

	if (len == 0) {
		buffer_add_text(buffer, "\xef\xbf\xbd");
		return 1;
	}
	if (point < 0x80)
		add_escaped_ascii(buffer, (unsigned char)point);
	else if (is_control(point))
		buffer_format(buffer, "\\u%04x", (unsigned)point);
	else
		buffer_add(buffer, span_slice(rest, 0, len));
	return len;
}

static bool
is_plain(unsigned char byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

static size_t
plain_len(struct span rest)
{
	size_t i = 0;

	while (i < rest.len && is_plain((unsigned char)rest.at[i]))
		i++;
	return i;
}

/* Every byte of every log line is looked at here: 16 or 8 at a time, by the vectors of GCC and
 * Clang. */
#define NOT_PLAIN(bytes) (((bytes) < ' ') | ((bytes) > '~') | ((bytes) == '"') | ((bytes) == '\\'))

typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef unsigned char bytes8 __attribute__((vector_size(8)));

static bytes16
special16(const char *at)
{
	bytes16 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return (bytes16)NOT_PLAIN(bytes);
}

static bytes8
special8(const char *at)
{
	bytes8 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return (bytes8)NOT_PLAIN(bytes);
}

static bool
plain_of_16(struct span span)
{
	bytes16 special = special16(span.at + span.len - sizeof(special));
	uint64_t halves[2];

	for (size_t at = 0; at + sizeof(special) < span.len; at += sizeof(special))
		special |= special16(span.at + at);
	memcpy(halves, &special, sizeof(special));
	return (halves[0] | halves[1]) == 0;
}

static bool
plain_of_8(struct span span)
{
	bytes8 special = special8(span.at) | special8(span.at + span.len - sizeof(special));
	uint64_t whole;

	memcpy(&whole, &special, sizeof(special));
	return whole == 0;
}

/* The last bytes may be looked at twice. */
bool
buffer_json_plain(struct span span)
{
	if (span.len >= sizeof(bytes16))
		return plain_of_16(span);
	if (span.len >= sizeof(bytes8))
		return plain_of_8(span);
	return plain_len(span) == span.len;
}

/* Nothing in it needs an escape, which is nearly always so. */
static void
add_json_plain(struct buffer *buffer, struct span span)
{
	char *at = buffer_extend(buffer, span.len + 2);

	if (at == NULL)
		return;
	*at++ = '"';
	if (span.len > 0)
		at = mempcpy(at, span.at, span.len);
	*at = '"';
}

void
buffer_add_json(struct buffer *buffer, struct span span)
{
	size_t before = buffer->len;
	size_t took;

	if (buffer_json_plain(span)) {
		add_json_plain(buffer, span);
		return;
	}
	buffer_add_byte(buffer, '"');
	while (span.len > 0 && !buffer->failed) {
		took = plain_len(span);
		if (took > 0)
			buffer_add(buffer, span_slice(span, 0, took));
		else
			took = add_special(buffer, span);
		span = span_slice(span, took, span.len);
	}
	buffer_add_byte(buffer, '"');
	if (buffer->failed && buffer->at != NULL) {
		buffer->len = before;
		buffer->at[before] = '\0';
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/distinguished_name.h"

#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

/* What RFC 4514 section 2.4 escapes wherever it stands in a value. */
#define SPECIALS "\"+,;<>\\"

/* What is read, and what is written so far. */
struct reading {
	struct span text;
	size_t at;           /* the next byte of `text` */
	struct buffer name;  /* the canonical text */
	struct buffer value; /* bytes of the value under way */
	struct err *err;
};

/* The next byte; NUL at the end, where a NUL byte is refused. */
static char
peek(const struct reading *reading)
{
	return reading->at < reading->text.len ? reading->text.at[reading->at] : '\0';
}

static bool
at_end(const struct reading *reading)
{
	return reading->at == reading->text.len;
}

static bool
wrong(struct reading *reading, const char *what)
{
	return err_set(reading->err, "character %zu: %s", reading->at + 1, what);
}

static void
skip_spaces(struct reading *reading)
{
	while (peek(reading) == ' ')
		reading->at++;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void
take_capital(struct reading *reading)
{
	buffer_add_byte(
	    &reading->name, (char)toupper((unsigned char)reading->text.at[reading->at++]));
}

/* Numbers with dots between them. */
static bool
read_oid(struct reading *reading)
{
	while (is_digit(peek(reading))) {
		while (is_digit(peek(reading)))
			take_capital(reading);
		if (peek(reading) != '.')
			return true;
		take_capital(reading);
	}
	return wrong(reading, "a number must stand here");
}

/* A name of letters, digits and "-", or an object identifier (RFC 4512 section 1.4). */
static bool
read_type(struct reading *reading)
{
	if (is_digit(peek(reading))) {
		if (!read_oid(reading))
			return false;
	} else if (!is_letter(peek(reading))) {
		return wrong(reading, "an attribute type, like CN, must stand here");
	}
	while (is_letter(peek(reading)) || is_digit(peek(reading)) || peek(reading) == '-')
		take_capital(reading);
	skip_spaces(reading);
	if (peek(reading) != '=')
		return wrong(reading, "\"=\" must stand here");
	reading->at++;
	skip_spaces(reading);
	buffer_add_byte(&reading->name, '=');
	return true;
}

/* The value of a hexadecimal digit; -1: it is none. */
static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

	return at == NULL ? -1 : (int)(at - digits);
}

static int
hex_pair(const struct reading *reading, size_t at)
{
	int high, low;

	if (at + 2 > reading->text.len)
		return -1;
	high = hex(reading->text.at[at]);
	low = hex(reading->text.at[at + 1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* "#" and the bytes of an encoded value, of a type that has no text. */
static bool
read_encoded(struct reading *reading)
{
	size_t start = ++reading->at;
	int byte;

	buffer_add_byte(&reading->name, '#');
	while ((byte = hex_pair(reading, reading->at)) >= 0) {
		buffer_format(&reading->name, "%02X", (unsigned)byte);
		reading->at += 2;
	}
	return reading->at > start ||
	       wrong(reading, "pairs of hexadecimal digits must follow \"#\"");
}

static bool
read_escape(struct reading *reading)
{
	int byte = hex_pair(reading, ++reading->at);
	char c = peek(reading);

	if (byte >= 0) {
		buffer_add_byte(&reading->value, (char)byte);
		reading->at += 2;
		return true;
	}
	if (c == '\0' || strchr(SPECIALS " #=", c) == NULL)
		return wrong(reading,
		    "is no escape: \"\\\" stands before two hexadecimal digits or "
		    "one of the characters \" + , ; < > \\ # = and space");
	buffer_add_byte(&reading->value, c);
	reading->at++;
	return true;
}

/* Write the value that was read. */
static void
write_value(struct reading *reading)
{
	struct span value = buffer_span(&reading->value);

	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.at[i];
		bool outer_space = byte == ' ' && (i == 0 || i + 1 == value.len);

		if (byte < ' ' || byte > '~') {
			buffer_format(&reading->name, "\\%02X", byte);
			continue;
		}
		if (outer_space || (byte == '#' && i == 0) || strchr(SPECIALS, byte) != NULL)
			buffer_add_byte(&reading->name, '\\');
		buffer_add_byte(&reading->name, (char)byte);
	}
}

/* A value up to an unescaped "," or "+"; unescaped spaces at its end do not belong to it. */
static bool
read_text(struct reading *reading)
{
	size_t solid = 0;
	char c;

	buffer_reset(&reading->value);
	while (!at_end(reading) && (c = peek(reading)) != ',' && c != '+') {
		if (c == '\\') {
			if (!read_escape(reading))
				return false;
		} else if (c == '\0' || strchr(SPECIALS, c) != NULL) {
			return wrong(reading, "must be escaped with \"\\\"");
		} else {
			buffer_add_byte(&reading->value, c);
			reading->at++;
		}
		if (c != ' ')
			solid = reading->value.len;
	}
	if (reading->value.failed)
		return err_set(reading->err, ERR_MEMORY);
	reading->value.len = solid;
	if (!utf8_valid(buffer_span(&reading->value)))
		return wrong(reading, "the value before it is not UTF-8");
	write_value(reading);
	return true;
}

static bool
read_attribute(struct reading *reading)
{
	bool encoded;

	skip_spaces(reading);
	if (!read_type(reading))
		return false;
	encoded = peek(reading) == '#';
	if (encoded ? !read_encoded(reading) : !read_text(reading))
		return false;
	skip_spaces(reading);
	if (at_end(reading) || peek(reading) == ',' || peek(reading) == '+')
		return true;
	return wrong(reading, "\",\", \"+\" or the end must stand here");
}

/* All attributes; the empty text is the empty name. */
static bool
read_attributes(struct reading *reading)
{
	if (at_end(reading))
		return true;
	while (read_attribute(reading)) {
		if (at_end(reading))
			return true;
		buffer_add_byte(&reading->name, reading->text.at[reading->at++]);
	}
	return false;
}

bool
distinguished_name_read(
    struct span text, struct arena *arena, struct span *ret_name, struct err *reterr)
{
	struct reading reading = { .text = text, .err = reterr };
	const char *name = NULL;
	bool read;

	if (text.len > DISTINGUISHED_NAME_MAX)
		return err_set(reterr, "is longer than %u bytes", DISTINGUISHED_NAME_MAX);
	buffer_init(&reading.name, DISTINGUISHED_NAME_MAX);
	buffer_init(&reading.value, DISTINGUISHED_NAME_MAX);
	buffer_reserve(&reading.name, text.len);
	read = read_attributes(&reading);
	if (read && reading.name.failed)
		read = err_set(reterr, "is longer than %u bytes, or there is no memory",
		    DISTINGUISHED_NAME_MAX);
	if (read)
		name = arena_text(arena, buffer_span(&reading.name));
	if (read && name == NULL)
		read = err_set(reterr, ERR_MEMORY);
	if (read)
		*ret_name = (struct span){ name, reading.name.len };
	buffer_done(&reading.name);
	buffer_done(&reading.value);
	return read;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Outside text (a file name, a server's message) must not add a line break. */
static void
one_line(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/* Format into a copy first: an argument may be the err's own text. */
static void PRINTF_LIKE(3, 0)
    set(struct err *err, const char *after, const char *format, va_list args)
{
	struct err made = { "" };
	size_t len;

	if (vsnprintf(made.text, sizeof(made.text), format, args) < 0)
		made.text[0] = '\0';
	len = strlen(made.text);
	if (after[0] != '\0')
		(void)snprintf(made.text + len, sizeof(made.text) - len, ": %s", after);
	one_line(made.text);
	*err = made;
}

bool
err_set(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, "", format, args);
	va_end(args);
	return false;
}

bool
err_errno(struct err *err, int number, const char *format, ...)
{
	char room[128];
	va_list args;

	va_start(args, format);
	set(err, strerror_r(number, room, sizeof(room)), format, args);
	va_end(args);
	return false;
}

bool
err_within(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, err->text, format, args);
	va_end(args);
	return false;
}

bool
err_is_memory(const struct err *err)
{
	return strcmp(err->text, ERR_MEMORY) == 0;
}

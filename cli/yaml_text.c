/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/yaml_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

void
yaml_text_quoted(struct buffer *out, struct span text)
{
	struct span rest = text;

	buffer_add_byte(out, '"');
	while (rest.len > 0) {
		uint32_t point = 0xfffd;
		size_t len = utf8_read(rest, &point);

		if (point == '"' || point == '\\')
			buffer_format(out, "\\%c", (int)point);
		else if (point >= ' ' && point <= '~')
			buffer_add_byte(out, (char)point);
		else
			buffer_format(out, "\\U%08x", (unsigned)point);
		rest = span_slice(rest, len == 0 ? 1 : len, rest.len);
	}
	buffer_add_byte(out, '"');
}

/* Words that YAML 1.1 reads as no text. */
static bool
is_word(struct span text)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "y", "n",
		"null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equal_nocase(text, span_of(words[i])))
			return true;
	return false;
}

/* It begins with a letter or "/", so it is no number and no sign of YAML's. A colon means something
 * only before a blank or at the end. */
static bool
is_plain(struct span text)
{
	if (text.len == 0 || (!isalpha((unsigned char)text.at[0]) && text.at[0] != '/'))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum((unsigned char)text.at[i]) &&
		    (text.at[i] == '\0' || strchr("./:_-@~+=%", text.at[i]) == NULL))
			return false;
	return text.at[text.len - 1] != ':' && !is_word(text);
}

void
yaml_text_add(struct buffer *out, struct span text)
{
	if (is_plain(text))
		buffer_add(out, text);
	else
		yaml_text_quoted(out, text);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include "base/utf8.h"

/* Does it move, hide or reorder what stands around it: controls, and what has no width? */
static bool
is_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0xad ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202f) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

void
printable_add(struct buffer *line, struct span text, size_t most)
{
	size_t at = 0;

	while (at < text.len && at < most) {
		struct span rest = span_slice(text, at, text.len);
		uint32_t point = 0;
		size_t len = utf8_read(rest, &point);

		if (len <= 1 && (len == 0 || is_hidden(point)))
			buffer_format(line, "\\x%02x", (unsigned char)text.at[at]);
		else if (is_hidden(point))
			buffer_format(line, "\\u%04x", (unsigned)point);
		else
			buffer_add(line, span_slice(rest, 0, len));
		at += len == 0 ? 1 : len;
	}
	if (at < text.len)
		buffer_add_text(line, "…");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/text.h"

#include "base/utf8.h"

bool
text_plain(struct span text)
{
	uint32_t point;
	size_t i, len;

	for (i = 0; i < text.len; i += len) {
		len = utf8_read(span_slice(text, i, text.len), &point);
		if (len == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f))
			return false;
	}
	return true;
}

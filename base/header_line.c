/* SPDX-License-Identifier: Apache-2.0 */
#include "base/header_line.h"

#include <string.h>

void
header_line_add(struct buffer *head, struct span name, struct span value)
{
	char *at = buffer_extend(head, name.len + value.len + 4);

	if (at == NULL)
		return;
	at = mempcpy(at, name.at, name.len);
	*at++ = ':';
	*at++ = ' ';
	if (value.len > 0)
		at = mempcpy(at, value.at, value.len);
	*at++ = '\r';
	*at = '\n';
}

void
header_line_add_number(struct buffer *head, struct span name, int64_t value)
{
	buffer_add(head, name);
	buffer_add(head, SPAN(": "));
	buffer_add_number(head, value);
	buffer_add(head, SPAN("\r\n"));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/header_line.h"

void
header_line_add(struct buffer *head, struct span name, struct span value)
{
	buffer_add(head, name);
	buffer_add(head, SPAN(": "));
	buffer_add(head, value);
	buffer_add(head, SPAN("\r\n"));
}

void
header_line_add_number(struct buffer *head, struct span name, int64_t value)
{
	buffer_add(head, name);
	buffer_add(head, SPAN(": "));
	buffer_add_number(head, value);
	buffer_add(head, SPAN("\r\n"));
}

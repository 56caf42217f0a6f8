/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/junit.h"

/* An attribute's value (XML 1.0 sections 2.2 and 3.3.3). */
static void
add_value(struct buffer *buffer, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			buffer_add_text(buffer, "&amp;");
			break;
		case '<':
			buffer_add_text(buffer, "&lt;");
			break;
		case '"':
			buffer_add_text(buffer, "&quot;");
			break;
		case '\t':
		case '\n':
		case '\r':
			buffer_format(buffer, "&#%d;", *text);
			break;
		default:
			if ((unsigned char)*text < 0x20)
				buffer_add_text(buffer, "\xEF\xBF\xBD");
			else
				buffer_add_byte(buffer, *text);
		}
	}
}

void
junit_begin(struct buffer *buffer, size_t tests, size_t failures)
{
	buffer_add_text(buffer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buffer_format(buffer, "<testsuite name=\"postern test\" tests=\"%zu\" failures=\"%zu\">\n",
	    tests, failures);
}

void
junit_case(struct buffer *buffer, const char *file, const char *name, const char *failure)
{
	buffer_add_text(buffer, "  <testcase classname=\"");
	add_value(buffer, file);
	buffer_add_text(buffer, "\" name=\"");
	add_value(buffer, name);
	if (failure == NULL) {
		buffer_add_text(buffer, "\"/>\n");
		return;
	}
	buffer_add_text(buffer, "\"><failure message=\"");
	add_value(buffer, failure);
	buffer_add_text(buffer, "\"/></testcase>\n");
}

void
junit_end(struct buffer *buffer)
{
	buffer_add_text(buffer, "</testsuite>\n");
}

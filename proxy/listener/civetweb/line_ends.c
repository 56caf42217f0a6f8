/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/line_ends.h"

static void
take(struct line_ends *ends, char byte)
{
	bool line_ended = ends->last == '\r' && byte == '\n';

	if ((ends->last == '\r') != (byte == '\n'))
		ends->wrong = true;
	if (line_ended && ends->empty)
		ends->ended = true;
	if (line_ended)
		ends->empty = true;
	else if (byte != '\r')
		ends->empty = false;
	ends->last = byte;
}

void
line_ends_follow(struct line_ends *ends, struct span bytes)
{
	for (size_t i = 0; i < bytes.len && !ends->ended; i++)
		take(ends, bytes.at[i]);
}

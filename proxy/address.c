/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/address.h"

#include <string.h>

#include "base/digits.h"

bool
address_valid(const char *text)
{
	size_t host = text[0] == '[' ? strspn(text, "[0123456789abcdefABCDEF:.]")
				     : strspn(text, "0123456789.");
	int64_t port;

	if (text[0] == '[' && host > 0 && text[host - 1] != ']')
		return false;
	if (host == 0 || text[host] != ':')
		return false;
	return digits_read(span_of(text + host + 1), 5, &port) && port <= 65535;
}

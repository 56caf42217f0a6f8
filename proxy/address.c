/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/address.h"

#include <stdlib.h>
#include <string.h>

bool
address_valid(const char *text)
{
	size_t host = text[0] == '[' ? strspn(text, "[0123456789abcdefABCDEF:.]")
				     : strspn(text, "0123456789.");
	size_t digits;

	if (text[0] == '[' && host > 0 && text[host - 1] != ']')
		return false;
	if (host == 0 || text[host] != ':')
		return false;
	digits = strspn(text + host + 1, "0123456789");
	return digits > 0 && digits <= 5 && text[host + 1 + digits] == '\0' &&
	       strtol(text + host + 1, NULL, 10) <= 65535;
}

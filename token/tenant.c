/* SPDX-License-Identifier: Apache-2.0 */
#include "token/tenant.h"

#define GUID_BYTES 36u

bool
tenant_is_id(struct span text)
{
	if (text.len != GUID_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

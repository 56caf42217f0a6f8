/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digits.h"

int
digits_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
digits_cut(struct span *rest, int64_t *ret_value)
{
	int64_t value = 0;
	size_t at = 0;

	for (; at < rest->len && rest->at[at] >= '0' && rest->at[at] <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, rest->at[at] - '0', &value))
			return false;
	if (at == 0)
		return false;
	*rest = span_slice(*rest, at, rest->len);
	*ret_value = value;
	return true;
}

bool
digits_read(struct span text, size_t max, int64_t *ret_value)
{
	int64_t value;

	if (text.len > max || !digits_cut(&text, &value) || text.len > 0)
		return false;
	*ret_value = value;
	return true;
}

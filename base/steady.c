/* SPDX-License-Identifier: Apache-2.0 */
#include "base/steady.h"

#include <stddef.h>

bool
steady_look(struct steady *steady, int64_t now_s, int64_t mono_s, int64_t *ret_jump_s)
{
	int64_t offset_s = now_s - mono_s;
	int64_t jump_s = steady->seen ? offset_s - steady->offset_s : 0;

	if (jump_s >= -STEADY_JUMP_S && jump_s <= STEADY_JUMP_S)
		jump_s = 0;
	else
		steady->until_mono_s = mono_s + STEADY_AFTER_S;
	steady->seen = true;
	steady->offset_s = offset_s;
	if (ret_jump_s != NULL)
		*ret_jump_s = jump_s;
	return mono_s >= steady->until_mono_s;
}

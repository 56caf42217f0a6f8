/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/watch_forget.h"

bool
watch_forget_due(struct watch_forget *forget, int64_t now_s, int64_t mono_s, int64_t *ret_jump_s)
{
	bool steady = steady_look(&forget->steady, now_s, mono_s, ret_jump_s);

	return steady && mono_s - forget->done_mono_s >= WATCH_FORGET_EVERY_S;
}

void
watch_forget_done(struct watch_forget *forget, int64_t mono_s)
{
	forget->done_mono_s = mono_s;
}

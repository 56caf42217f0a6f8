/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync_forget.h"

bool
store_sync_forget_due(
    struct store_sync_forget *forget, int64_t now_s, int64_t mono_s, int64_t *ret_jump_s)
{
	bool steady = steady_look(&forget->steady, now_s, mono_s, ret_jump_s);

	return steady && mono_s - forget->done_mono_s >= STORE_SYNC_FORGET_EVERY_S;
}

void
store_sync_forget_done(struct store_sync_forget *forget, int64_t mono_s)
{
	forget->done_mono_s = mono_s;
}

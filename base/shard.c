/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shard.h"

#include <stdatomic.h>

unsigned
shard_mine(void)
{
	static atomic_uint threads;
	static _Thread_local unsigned mine; /* and 1; 0: not numbered yet */

	if (mine == 0)
		mine = atomic_fetch_add(&threads, 1) % SHARD_COUNT + 1;
	return mine - 1;
}

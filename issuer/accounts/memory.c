/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/memory.h"

#include <stdlib.h>

struct memory *
memory_new(void)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return NULL;
	atomic_store(&memory->owners, 1);
	memory->lockout = lockout_new();
	memory->replay = replay_new();
	memory->password_cache = password_cache_new();
	if (memory->lockout != NULL && memory->replay != NULL && memory->password_cache != NULL)
		return memory;
	memory_unref(memory);
	return NULL;
}

struct memory *
memory_ref(struct memory *memory)
{
	atomic_fetch_add(&memory->owners, 1);
	return memory;
}

void
memory_unref(struct memory *memory)
{
	if (memory == NULL || atomic_fetch_sub(&memory->owners, 1) != 1)
		return;
	lockout_free(memory->lockout);
	replay_free(memory->replay);
	password_cache_free(memory->password_cache);
	free(memory);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys.h"

#include <time.h>

#define STEP_MS 20
#define STEPS 500

static bool
all_settled(const struct services *services)
{
	for (size_t i = 0; i < services->config->trusted_issuer_count; i++) {
		struct keyring_state state;

		keyring_state(services->ring, i, &state);
		if (!state.usable && state.last_error[0] == '\0')
			return false;
	}
	return true;
}

void
keys_await(const struct services *services)
{
	for (int i = 0; i < STEPS && !all_settled(services); i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
}

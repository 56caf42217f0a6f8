/* SPDX-License-Identifier: Apache-2.0 */
/* refresh - ask a keyring for keys, as a request does that met an unknown kid. */
#ifndef POSTERN_TESTS_JWKS_REFRESH_H
#define POSTERN_TESTS_JWKS_REFRESH_H

#include <stdbool.h>
#include <time.h>

#include "base/clock.h"
#include "jwks/keyring.h"

/* Was its question answered? */
static inline bool
refresh(struct keyring *from, size_t index, int64_t mono_s)
{
	struct keyring_try awaited;
	bool tried;

	if (!keyring_join(from, index, mono_s, &awaited))
		return false;
	while (!keyring_tried(from, &awaited) && clock_mono_us() < awaited.until_us)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	tried = keyring_tried(from, &awaited);
	keyring_leave(from, &awaited);
	return tried;
}

#endif

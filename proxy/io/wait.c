/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/wait.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

int
wait_any(struct pollfd *fds, nfds_t count, int64_t deadline_us)
{
	struct timespec left, *patience = NULL;
	int ready;

	do {
		if (deadline_us > 0) {
			int64_t us = deadline_us - clock_mono_us();

			if (us <= 0)
				us = 0;
			left.tv_sec = (time_t)(us / 1000000);
			left.tv_nsec = (long)(us % 1000000) * 1000;
			patience = &left;
		}
		ready = ppoll(fds, count, patience, NULL);
	} while (ready < 0 && errno == EINTR);
	return ready;
}

int
wait_one(int socket, short events, int64_t deadline_us)
{
	struct pollfd one = { .fd = socket, .events = events };

	return wait_any(&one, 1, deadline_us);
}

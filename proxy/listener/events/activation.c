/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/activation.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/digits.h"

#define UNNAMED "unknown"

struct activation
activation_here(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): nobody changes the environment */
	return (struct activation){ .for_pid = getenv("LISTEN_PID"),
		.count = getenv("LISTEN_FDS"),
		.names = getenv("LISTEN_FDNAMES"),
		.pid = getpid() };
	/* NOLINTEND(concurrency-mt-unsafe) */
}

/* How many were handed over; none if they are meant for another process. */
static int64_t
count_of(const struct activation *activation)
{
	int64_t pid, count;

	if (activation->for_pid == NULL || activation->count == NULL ||
	    !digits_read(span_of(activation->for_pid), 10, &pid) || pid != activation->pid ||
	    !digits_read(span_of(activation->count), 6, &count))
		return 0;
	return count;
}

bool
activation_name(const struct activation *activation, int fd, struct span *ret_name)
{
	struct span names = span_of(activation->names);

	*ret_name = SPAN(UNNAMED);
	if (fd < ACTIVATION_FIRST || fd - ACTIVATION_FIRST >= count_of(activation))
		return false;
	for (int i = ACTIVATION_FIRST; i <= fd && activation->names != NULL; i++)
		if (!span_cut(&names, ':', ret_name))
			return false;
	return true;
}

int
activation_find(const struct activation *activation, struct span name, int from)
{
	struct span own;

	for (int fd = from; activation_name(activation, fd, &own); fd++)
		if (span_equal(own, name))
			return fd;
	return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

/* Less than was asked for means that there is no more for now, and the system will tell when there
 * is; but the end of a stream must be read to be seen. */
ssize_t
stream_read_now(int fd, char *into, size_t room)
{
	bool known = watch_has(fd);
	ssize_t got;

	if (known && (watch_ready(fd) & WATCH_IN) == 0)
		return STREAM_LATE;
	do {
		got = recv(fd, into, room, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (known && got != 0 && got < (ssize_t)room)
		watch_drained(fd, WATCH_IN);
	if (got >= 0)
		return got;
	return errno == EAGAIN ? STREAM_LATE : STREAM_BROKEN;
}

ssize_t
stream_read(int fd, char *into, size_t room, int64_t deadline_us)
{
	/* A thread saves a call by waiting first: what it reads is rarely there yet. */
	bool wait = fiber_current() == NULL;

	for (;;) {
		ssize_t got = wait ? STREAM_LATE : stream_read_now(fd, into, room);
		int ready;

		if (got > 0 && fiber_current() != NULL && !watch_spend((size_t)got))
			return STREAM_BROKEN;
		if (got != STREAM_LATE)
			return got;
		ready = wait_stream(fd, POLLIN, deadline_us);
		if (ready <= 0)
			return ready == 0 ? STREAM_LATE : STREAM_BROKEN;
		wait = false;
	}
}

bool
stream_turn(size_t bytes)
{
	if (fiber_current() == NULL)
		return true;
	watch_end_of_round();
	return watch_spend(bytes);
}

/* Send what goes out now. */
static ssize_t
put_now(int fd, struct span bytes)
{
	ssize_t put;

	do {
		put = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	if (errno != EAGAIN)
		return STREAM_BROKEN;
	if (watch_has(fd))
		watch_drained(fd, WATCH_OUT);
	return STREAM_LATE;
}

bool
stream_write(int fd, struct span bytes, int64_t timeout_us)
{
	if (!stream_turn(bytes.len))
		return false;
	while (bytes.len > 0) {
		ssize_t put = put_now(fd, bytes);

		if (put >= 0)
			bytes = span_slice(bytes, (size_t)put, bytes.len);
		else if (put != STREAM_LATE ||
			 wait_stream(fd, POLLOUT, clock_mono_us() + timeout_us) <= 0)
			return false;
	}
	return true;
}

ssize_t
stream_write_now(int fd, struct span bytes)
{
	return stream_turn(bytes.len) ? put_now(fd, bytes) : STREAM_BROKEN;
}

size_t
stream_unsent(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes < 0 ? 0 : (size_t)bytes;
}

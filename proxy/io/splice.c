/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

static _Thread_local int pipes;

bool
splice_open(struct splice *ret_splice)
{
	int ends[2];

	if (fiber_current() == NULL || pipes == SPLICE_PIPES_MAX ||
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	pipes++;
	*ret_splice = (struct splice){ .in = ends[1], .out = ends[0] };
	/* Who has many pipes gets small ones only (pipe(7)). */
	if (fcntl(ends[1], F_SETPIPE_SZ, SPLICE_PIPE_BYTES) >= SPLICE_PIPE_BYTES)
		return true;
	splice_close(ret_splice);
	return false;
}

void
splice_close(struct splice *splice)
{
	(void)close(splice->in);
	(void)close(splice->out);
	pipes--;
}

/* Move what can be moved now, or -1. */
static ssize_t
move(int from, int to, size_t most)
{
	ssize_t moved;

	do {
		moved = splice(from, NULL, to, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	} while (moved < 0 && errno == EINTR);
	return moved;
}

ssize_t
splice_read_now(const struct splice *splice, int from, size_t most)
{
	ssize_t got = move(from, splice->in, most);

	if (got >= 0)
		return got;
	if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
		return SPLICE_UNABLE;
	if (errno != EAGAIN)
		return STREAM_BROKEN;
	if (watch_has(from))
		watch_drained(from, WATCH_IN);
	return STREAM_LATE;
}

ssize_t
splice_read(const struct splice *splice, int from, size_t most, int64_t deadline_us)
{
	for (;;) {
		ssize_t got = splice_read_now(splice, from, most);
		int ready;

		if (got > 0 && !watch_spend((size_t)got))
			return STREAM_BROKEN;
		if (got != STREAM_LATE)
			return got;
		ready = wait_stream(from, POLLIN, deadline_us);
		if (ready <= 0)
			return ready == 0 ? STREAM_LATE : STREAM_BROKEN;
	}
}

static ssize_t
put_now(const struct splice *splice, int to, size_t len)
{
	ssize_t put = move(splice->out, to, len);

	if (put > 0)
		return put;
	if (put == 0 || errno != EAGAIN)
		return STREAM_BROKEN;
	if (watch_has(to))
		watch_drained(to, WATCH_OUT);
	return STREAM_LATE;
}

bool
splice_write(const struct splice *splice, int to, size_t len, int64_t timeout_us)
{
	watch_end_of_round();
	while (len > 0) {
		ssize_t put = put_now(splice, to, len);

		if (put > 0)
			len -= (size_t)put;
		else if (put != STREAM_LATE ||
			 wait_stream(to, POLLOUT, clock_mono_us() + timeout_us) <= 0)
			return false;
	}
	return true;
}

ssize_t
splice_write_now(const struct splice *splice, int to, size_t len)
{
	watch_end_of_round();
	return put_now(splice, to, len);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/lingering.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/stream.h"
#include "proxy/io/watch.h"

/* Before others have their turn. */
#define TURN_BYTES (64u << 10)

static bool
is_enough(const struct conn *conn)
{
	return conn->lingered >= LINGERING_BYTES && stream_unsent(conn->socket) == 0;
}

/* The timer finds no time for a connection that always has more. */
static bool
is_in_time(struct conn *conn)
{
	if (clock_mono_us() < conn->deadline_us)
		return true;
	conn->deadline_us += LINGERING_US;
	return lingering_goes_on(conn);
}

enum lingering
lingering_step(struct conn *conn)
{
	char scrap[4096];
	size_t turn = 0;
	ssize_t got = 1;

	if (conn->forsaken)
		return LINGERING_OVER;
	/* It has its answer, but may not have read it: its writes wait rather than fail. */
	if (is_enough(conn))
		return (watch_ready(conn->socket) & WATCH_END) != 0 ? LINGERING_OVER
								    : LINGERING_WAITS;
	while (got > 0 && turn < TURN_BYTES) {
		got = recv(conn->socket, scrap, sizeof(scrap), MSG_DONTWAIT);
		turn += got > 0 ? (size_t)got : 0;
	}
	conn->lingered += turn;
	if (got > 0)
		return is_in_time(conn) ? LINGERING_HAS_MORE : LINGERING_OVER;
	if (got == 0 || errno != EAGAIN)
		return LINGERING_OVER;
	watch_drained(conn->socket, WATCH_IN);
	return LINGERING_WAITS;
}

bool
lingering_goes_on(struct conn *conn)
{
	size_t before = conn->unsent;

	conn->unsent = stream_unsent(conn->socket);
	return !conn->forsaken && conn->lingered > 0 && conn->unsent > 0 &&
	       (before == 0 || conn->unsent < before);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/client_conn.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/span.h"
#include "proxy/http/response.h"
#include "proxy/listener/civetweb/stack.h"

typedef int (*poll_function)(struct pollfd *, nfds_t, int);
typedef ssize_t (*recv_function)(int, void *, size_t, int);

#define LISTENING_MAX 8

/* A connection without data for this long is idle, and not between two requests of a burst. */
#define IDLE_MS 1000

static _Thread_local struct client_conn *mine;
static _Thread_local int accepting = -1; /* the stop event of a thread that accepts */
static poll_function real_poll;
static recv_function real_recv;
static atomic_ulong polls;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* POSIX lets a function's address travel in a void pointer; ISO C does not, hence the union. */
static void
find_real(void)
{
	union {
		void *object;
		poll_function poll;
		recv_function recv;
	} found;

	found.object = dlsym(RTLD_NEXT, "poll");
	real_poll = found.poll;
	found.object = dlsym(RTLD_NEXT, "recv");
	real_recv = found.recv;
}

void
client_conn_enroll(struct client_conn *conn)
{
	*conn = (struct client_conn){ .socket = -1, .drain_event = -1, .stack = stack_find() };
	mine = conn;
}

void
client_conn_enroll_accepting(int stop_event)
{
	accepting = stop_event;
}

struct client_conn *
client_conn_mine(void)
{
	return mine;
}

void
client_conn_connected(struct client_conn *conn)
{
	conn->socket = -1;
	conn->phase = CLIENT_CONN_IDLE;
	conn->chunks = NULL;
	conn->malformed = false;
	conn->whole = false;
	conn->ends = (struct line_ends){ .empty = true };
	conn->held = 0;
	conn->first = true;
	conn->late = false;
}

void
client_conn_next(struct client_conn *conn, struct span carried)
{
	conn->held = carried.len;
	conn->chunks = NULL;
	conn->malformed = false;
	conn->whole = false;
	conn->ends = (struct line_ends){ .empty = true };
	line_ends_follow(&conn->ends, carried);
	conn->stack_trimmed = false;
	conn->first = false;
	conn->late = false;
	conn->phase = carried.len > 0 ? CLIENT_CONN_HEAD : CLIENT_CONN_IDLE;
	conn->head_until_us = clock_mono_us() + conn->head_timeout_us;
}

unsigned long
client_conn_polls(void)
{
	return atomic_load(&polls);
}

/* Microseconds until the deadline of the phase; INT64_MAX where there is none. */
static int64_t
left_us(const struct client_conn *conn)
{
	if (conn->phase == CLIENT_CONN_HEAD)
		return conn->head_until_us - clock_mono_us();
	if (conn->phase == CLIENT_CONN_BODY)
		return conn->body_until_us - clock_mono_us();
	return INT64_MAX;
}

/* Report a failed poll, so that the engine gives up the connection. After an early timeout it would
 * only poll again. */
static int
give_up(struct client_conn *conn)
{
	conn->late = true;
	errno = ETIMEDOUT;
	return -1;
}

static int
poll_again(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int ready;

	do {
		ready = real_poll(fds, count, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	return ready;
}

/* Wait for the client, and on an idle connection also for the event that idle connections are to be
 * closed. After a longer idle time, a thread returns the stack pages of its last request. */
static int
wait_client(struct client_conn *conn, struct pollfd *fds, int timeout_ms)
{
	struct pollfd both[2] = { fds[0], { .fd = conn->drain_event, .events = POLLIN } };
	bool idle = conn->phase == CLIENT_CONN_IDLE && !conn->first;
	int ready;

	if (!idle)
		both[1].fd = -1;
	ready = poll_again(both, 2, idle && timeout_ms > IDLE_MS ? IDLE_MS : timeout_ms);
	if (ready == 0 && idle && timeout_ms > IDLE_MS) {
		if (!conn->stack_trimmed)
			stack_give_back(conn->stack);
		conn->stack_trimmed = true;
		ready = poll_again(both, 2, timeout_ms - IDLE_MS);
	}
	fds[0].revents = both[0].revents;
	if (ready <= 0 || both[0].revents != 0)
		return ready <= 0 ? ready : 1;
	return -1;
}

/* The engine waits for its client. Stop at the deadline of the phase, and at once on an idle
 * connection that is to be closed. What is there of a body is not late: the upstream took its time.
 */
static int
watched_poll(struct client_conn *conn, struct pollfd *fds, int timeout_ms)
{
	bool evict_idle = conn->phase == CLIENT_CONN_IDLE && !conn->first &&
			  conn->evict_idle != NULL &&
			  atomic_load_explicit(conn->evict_idle, memory_order_relaxed);
	int64_t left = left_us(conn);
	bool late = left <= 0;
	int ready;

	atomic_fetch_add_explicit(&polls, 1, memory_order_relaxed);
	conn->socket = fds[0].fd;
	if (late && conn->phase != CLIENT_CONN_BODY)
		return give_up(conn);
	if (left / 1000 < timeout_ms)
		timeout_ms = (int)(left / 1000) + 1;
	ready = wait_client(conn, fds, evict_idle || late ? 0 : timeout_ms);
	return ready < 0 || (ready == 0 && (evict_idle || late)) ? give_up(conn) : ready;
}

/* The accepting thread waits for its sockets and for the stop event. Then it checks the engine's
 * own stop flag, as after any timeout. */
static int
accepting_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct pollfd all[LISTENING_MAX + 1];
	int ready;

	for (nfds_t i = 0; i < count; i++)
		all[i] = fds[i];
	all[count] = (struct pollfd){ .fd = accepting, .events = POLLIN };
	ready = real_poll(all, count + 1, timeout_ms);
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = all[i].revents;
	if (ready > 0 && all[count].revents != 0)
		ready--;
	return ready;
}

int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	pthread_once(&once, find_real);
	if (accepting >= 0 && count <= LISTENING_MAX)
		return accepting_poll(fds, count, timeout_ms);
	/* This poll() is by a library, for a socket that is not the client's. */
	if (mine == NULL || count != 1 || (fds[0].events & POLLIN) == 0 ||
	    (mine->socket >= 0 && fds[0].fd != mine->socket))
		return real_poll(fds, count, timeout_ms);
	return watched_poll(mine, fds, timeout_ms);
}

/* Is the chunked framing valid so far? Nothing may follow the end of the body in one read, since
 * the engine asks only for bytes of the body. */
static bool
chunks_agree(struct client_conn *conn, struct span bytes)
{
	enum response_read read = RESPONSE_MORE;
	struct span data;
	size_t used;

	while (read == RESPONSE_MORE && bytes.len > 0) {
		read = chunks_read(conn->chunks, bytes, &used, &data);
		bytes = span_slice(bytes, used, bytes.len);
	}
	conn->whole = read == RESPONSE_DONE;
	return read != RESPONSE_BAD && bytes.len == 0;
}

/* Bytes of the head are in the engine's buffer. Bytes of a body are counted separately, since the
 * engine passes them on. */
static void
received(struct client_conn *conn, struct span bytes)
{
	if (conn->phase == CLIENT_CONN_BODY) {
		conn->body_received += bytes.len;
		return;
	}
	conn->held += bytes.len;
	line_ends_follow(&conn->ends, bytes);
	if (conn->phase != CLIENT_CONN_IDLE)
		return;
	conn->phase = CLIENT_CONN_HEAD;
	conn->head_until_us = clock_mono_us() + conn->head_timeout_us;
}

ssize_t
recv(int socket, void *into, size_t room, int flags)
{
	ssize_t got;

	pthread_once(&once, find_real);
	got = real_recv(socket, into, room, flags);
	if (mine == NULL || got <= 0 || socket != mine->socket || (flags & MSG_PEEK) != 0)
		return got;
	received(mine, (struct span){ into, (size_t)got });
	if (mine->phase != CLIENT_CONN_BODY || mine->chunks == NULL ||
	    chunks_agree(mine, (struct span){ into, (size_t)got }))
		return got;
	mine->malformed = true;
	errno = EPROTO;
	return -1;
}

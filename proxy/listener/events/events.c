/* SPDX-License-Identifier: Apache-2.0 */
/* Accept connections and spread them over the loops. */
#include "proxy/listener/events/events.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/span.h"
#include "proxy/io/offload.h"
#include "proxy/io/tls_server.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/crowd.h"
#include "proxy/listener/events/request_body.h"

#define ACCEPT_MAX 64  /* connections accepted before others have their turn */
#define REST_US 100000 /* without descriptors, accepting rests for so long */

static int listeners; /* of the process; one thread starts and stops them */

/* When this loop has no place that could be made free, another one may: the new connection goes
 * there. */
static void
open_here(struct loop_post *post)
{
	struct conn *conn = (struct conn *)(void *)((char *)post - offsetof(struct conn, post));
	struct events_listener *listener = conn->listener;
	int here = loop_index(), next = (here + 1) % loop_count();

	if (conn_open(conn))
		return;
	if (++conn->passed == loop_count()) {
		conn_open_surplus(conn);
		return;
	}
	atomic_fetch_sub(&listener->on_loop[here], 1);
	atomic_fetch_add(&listener->on_loop[next], 1);
	loop_post(next, &conn->post);
}

/* The loop with the fewest connections, of those with equally many this one. */
static int
least_loaded(struct events_listener *listener)
{
	int best = loop_index(), loops = loop_count();
	int fewest = atomic_load_explicit(&listener->on_loop[best], memory_order_relaxed);

	for (int i = 0; i < loops; i++) {
		int here = atomic_load_explicit(&listener->on_loop[i], memory_order_relaxed);

		if (here < fewest) {
			fewest = here;
			best = i;
		}
	}
	return best;
}

static void
take(struct events_listener *listener, int socket, const struct sockaddr_storage *peer)
{
	struct conn *conn = conn_new(listener, socket, peer);
	int one = 1, loop = least_loaded(listener);

	if (conn == NULL)
		return;
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	atomic_fetch_add(&listener->on_loop[loop], 1);
	atomic_fetch_add(&listener->base.connections, 1);
	conn->post.run = open_here;
	if (loop == loop_index())
		open_here(&conn->post);
	else
		loop_post(loop, &conn->post);
}

static void on_door(void *context, unsigned flags);

/* This loop accepts no more. */
static void
close_doors(struct events_listener *listener)
{
	for (size_t i = 0; i < listener->listening.count; i++)
		watch_remove_shared(listener->doors[i].socket);
}

static void
accept_again(struct timer *timer)
{
	struct events_share *share =
	    (struct events_share *)(void *)((char *)timer - offsetof(struct events_share, rest));
	struct events_door *doors = share->listener->doors;
	size_t open = 0, count = share->listener->listening.count;

	while (open < count && watch_add_shared(doors[open].socket))
		open++;
	if (open == count)
		return;
	close_doors(share->listener);
	watch_timer(timer, clock_mono_us() + REST_US);
}

/* Without descriptors, memory or the like accepting would fail again at once: another connection
 * makes room. If there is none, or it is others that use up what the system has, this loop rests
 * for a while, and the answer is no. */
static bool
make_room(struct events_listener *listener, int number)
{
	struct events_share *share = &listener->shares[loop_index()];

	if (crowd_relieve(share) && number == EMFILE)
		return true;
	close_doors(listener);
	watch_timer(&share->rest, clock_mono_us() + REST_US);
	return false;
}

/* A failure of one connection, or of all? */
static bool
short_of_something(int number)
{
	return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
}

static void
on_door(void *context, unsigned flags)
{
	struct events_door *door = context;
	bool closed = door->listener->shares[loop_index()].closed; /* in this round, before */

	(void)flags;
	for (int i = 0; i < ACCEPT_MAX && !closed; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int socket = accept4(
		    door->socket, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (socket >= 0) {
			take(door->listener, socket, &peer);
		} else if (short_of_something(errno)) {
			if (!make_room(door->listener, errno))
				return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- the operations ---- */

static void
begin_here(void *context)
{
	struct events_listener *listener = context;
	struct events_share *share = &listener->shares[loop_index()];

	crowd_join(share);
	accept_again(&share->rest);
}

static void
close_doors_here(void *context)
{
	struct events_listener *listener = context;
	struct events_share *share = &listener->shares[loop_index()];

	share->closed = true;
	wheel_clear(&share->rest);
	close_doors(listener);
}

static void
leave_here(void *context)
{
	struct events_listener *listener = context;

	crowd_part(&listener->shares[loop_index()]);
}

static void
drain_here(void *context)
{
	struct events_listener *listener = context;

	crowd_close_idle(listener);
	if (listener->listening.handed)
		crowd_hurry(listener);
}

static void
close_here(void *context)
{
	crowd_close_all(context);
}

static bool
start_loops(const struct listener_setup *setup, struct err *reterr)
{
	if (listeners > 0)
		return true;
	if (!offload_start(reterr))
		return false;
	if (!loop_start(setup->threads, reterr)) {
		offload_stop();
		return false;
	}
	return true;
}

static void
stop_loops(void)
{
	if (listeners > 0)
		return;
	loop_stop();
	offload_stop();
}

static bool
start(const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr)
{
	struct events_listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		return err_set(reterr, "out of memory");
	listener->base.engine = setup->engine;
	listener->base.setup = *setup;
	if (!start_loops(setup, reterr)) {
		free(listener);
		return false;
	}
	if (!listening_open(&listener->listening, setup->address, setup->socket_mode, reterr)) {
		stop_loops();
		free(listener);
		return false;
	}
	listeners++;
	listener->base.leaves = listener->listening.handed;
	for (size_t i = 0; i < listener->listening.count; i++) {
		listener->doors[i] =
		    (struct events_door){ listener, listener->listening.sockets[i] };
		watch_share(listener->doors[i].socket, on_door, &listener->doors[i]);
	}
	if (setup->tls != NULL)
		atomic_store(&listener->tls, tls_server_ref(setup->tls));
	listener->base.setup.tls = NULL; /* which may be another one later */
	for (int i = 0; i < LOOP_MAX; i++) {
		listener->shares[i].listener = listener;
		listener->shares[i].rest.late = accept_again;
		places_init(&listener->shares[i].places);
	}
	loop_ask_all(begin_here, listener);
	*ret_listener = &listener->base;
	return true;
}

static int
port(const struct listener *base)
{
	return ((const struct events_listener *)base)->listening.port;
}

/* What systemd keeps open waits for the next process, and is not begun by this one. */
static void
drain(struct listener *base)
{
	struct events_listener *listener = (struct events_listener *)base;

	if (listener->listening.handed)
		loop_ask_all(close_doors_here, listener);
	loop_ask_all(drain_here, listener);
}

static void
close_former_here(void *context)
{
	crowd_close_former(context);
}

/* Each loop looks for it in one go, so that nobody has the former one in hand afterwards. A client
 * whose certificate would not do any more is not somebody for as long as it stays connected. */
static void
secure(struct listener *base, struct tls_server *tls)
{
	struct events_listener *listener = (struct events_listener *)base;
	struct tls_server *former = atomic_exchange(&listener->tls, tls_server_ref(tls));

	if (!tls_server_is_alike(former, tls))
		atomic_fetch_add(&listener->rules, 1);
	loop_ask_all(close_former_here, listener);
	tls_server_unref(former);
}

/* When the loops are asked again, the news of the doors that they had at the first time are
 * handled, and the doors can be closed. Cancelled requests end by themselves; calls of the pool are
 * waited for. */
static void
stop(struct listener *base)
{
	struct events_listener *listener = (struct events_listener *)base;

	loop_ask_all(close_doors_here, listener);
	loop_ask_all(leave_here, listener);
	listening_close(&listener->listening);
	do {
		loop_ask_all(close_here, listener);
		if (atomic_load(&base->connections) > 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	} while (atomic_load(&base->connections) > 0);
	for (int i = 0; i < LOOP_MAX; i++)
		while (listener->shares[i].spare_count > 0)
			free(listener->shares[i].spare[--listener->shares[i].spare_count]);
	tls_server_unref(atomic_load(&listener->tls));
	free(listener);
	listeners--;
	stop_loops();
}

static int
count(const struct listener *base, enum listener_state state)
{
	const struct events_listener *listener = (const struct events_listener *)base;
	int sum = 0;

	for (int i = 0; i < LOOP_MAX; i++)
		sum += places_count(&listener->shares[i].places, state);
	return sum;
}

static bool
drops(const struct listener *base, uint64_t *ret_drops)
{
	return listening_drops(&((const struct events_listener *)base)->listening, ret_drops);
}

const struct engine *
events_engine(void)
{
	static const struct engine engine = {
		.name = "events",
		.start = start,
		.drain = drain,
		.port = port,
		.stop = stop,
		.count = count,
		.drops = drops,
		.secure = secure,
		.read = request_body_read,
		.write = request_body_write,
		.buffered = request_body_buffered,
		.receive = request_body_receive,
		.send = request_body_send,
		.direct = request_body_direct,
		.splice_read = request_body_splice_read,
		.splice_write = request_body_splice_write,
	};

	return &engine;
}

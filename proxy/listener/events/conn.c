/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/greeting.h"
#include "proxy/listener/events/handshake.h"
#include "proxy/listener/events/lingering.h"
#include "proxy/listener/events/peer.h"
#include "proxy/listener/events/serving.h"

#define HURRY_MS 1000

static void on_client(void *context, unsigned flags);

static struct places *
places_of(struct conn *conn)
{
	return &conn->listener->shares[loop_index()].places;
}

static void
give_place_back(struct conn *conn)
{
	if (conn->has_place)
		atomic_fetch_sub(&conn->listener->taken, 1);
	conn->has_place = false;
}

/* A few buffers are kept for the next heads. */
static void
drop_buffer(struct conn *conn)
{
	struct events_share *share = &conn->listener->shares[loop_index()];

	if (conn->buffer != NULL && share->spare_count < EVENTS_SPARE_BUFFERS)
		share->spare[share->spare_count++] = conn->buffer;
	else
		free(conn->buffer);
	conn->buffer = NULL;
	conn->held = 0;
	conn->scan = (struct request_scan){ 0 };
}

void
conn_close(struct conn *conn)
{
	places_leave(places_of(conn), &conn->placed);
	give_place_back(conn);
	wheel_clear(&conn->timer);
	drop_buffer(conn);
	handshake_undo(conn);
	free(conn->proxied);
	watch_close(conn->socket);
	atomic_fetch_sub(&conn->listener->on_loop[loop_index()], 1);
	atomic_fetch_sub(&conn->listener->base.connections, 1);
	free(conn);
}

/* The timer is set anew only when it would ring too late; too early is found out then. */
static void
set_deadline(struct conn *conn, int64_t timeout_ms)
{
	conn->deadline_us = clock_tick_us() + timeout_ms * 1000;
	if (conn->timer.link == NULL || conn->timer.deadline_us > conn->deadline_us)
		watch_timer(&conn->timer, conn->deadline_us);
}

/* Close the one that places.h found, if any. */
static bool
close_placed(struct placed *placed)
{
	if (placed == NULL)
		return false;
	conn_close((struct conn *)(void *)placed);
	return true;
}

static bool
take_place(struct conn *conn)
{
	struct events_listener *listener = conn->listener;

	conn->has_place =
	    atomic_fetch_add(&listener->taken, 1) < listener->base.setup.connections ||
	    close_placed(places_dispensable(places_of(conn), clock_tick_us()));
	if (!conn->has_place)
		atomic_fetch_sub(&listener->taken, 1);
	return conn->has_place;
}

static void
move(struct conn *conn, enum listener_state state)
{
	if (conn->placed.state != state)
		places_move(places_of(conn), &conn->placed, state, clock_tick_us());
}

/* What a fiber is started with. */
struct task {
	struct conn *conn;
	size_t head_end;
	struct serving_trouble trouble;
};

static void
look_again(struct loop_post *post)
{
	struct conn *conn = (struct conn *)(void *)((char *)post - offsetof(struct conn, post));

	conn->placed.posted = false;
	on_client(conn, WATCH_IN);
}

/* There may be more to read already: look after the other connections had their turn. */
static void
look_later(struct conn *conn)
{
	conn->placed.posted = true;
	conn->post.run = look_again;
	loop_post(loop_index(), &conn->post);
}

/* After the last exchange: the place is free, while the client has time to read. */
static void
begin_lingering(struct conn *conn)
{
	drop_buffer(conn);
	give_place_back(conn);
	move(conn, LISTENER_LINGERING);
	set_deadline(conn, LINGERING_US / 1000);
	if ((watch_ready(conn->socket) & WATCH_IN) != 0 || conn->forsaken)
		look_later(conn);
	(void)close_placed(places_excess(places_of(conn), LISTENER_LINGERING));
}

/* May there be something to read? */
static bool
has_more(const struct conn *conn)
{
	return (watch_ready(conn->socket) & WATCH_IN) != 0 || channel_pending(conn_channel(conn));
}

/* After an exchange. */
static void
go_on(struct conn *conn)
{
	const struct listener_setup *setup = &conn->listener->base.setup;

	if (conn->held == 0) {
		drop_buffer(conn);
		move(conn, LISTENER_IDLE);
		set_deadline(conn, setup->idle_timeout_ms);
	} else {
		move(conn, LISTENER_READING);
		set_deadline(conn, setup->header_timeout_ms);
	}
	if (has_more(conn) || conn->held > 0 || atomic_load(&conn->listener->base.draining))
		look_later(conn);
}

static void
run(void *context)
{
	struct task task = *(struct task *)context;
	struct conn *conn = task.conn;
	bool persists;

	conn->fiber = fiber_current();
	persists = serving_run(conn, task.head_end, task.trouble);
	conn->fiber = NULL;
	conn->served = true;
	if (persists)
		go_on(conn);
	else
		begin_lingering(conn);
}

/* Without memory for a stack the request is refused here: then nothing is waited for. */
static void
start(struct task task)
{
	struct conn *conn = task.conn;

	if (task.trouble.reason == REASON_OK && !conn->has_place && !take_place(conn))
		task.trouble = (struct serving_trouble){ REASON_OVERLOADED,
			"more connections than limits.connections" };
	move(conn, LISTENER_SERVING);
	conn->deadline_us = 0;
	if (fiber_start(run, &task))
		return;
	task.trouble =
	    (struct serving_trouble){ REASON_OVERLOADED, "no memory for the stack of a fiber" };
	run(&task);
}

/* ---- reading heads ---- */

/* Serve the held head if it is complete or cannot be read. False: it is neither. */
static bool
try_head(struct conn *conn)
{
	struct task task = { .conn = conn };
	struct span bytes = { conn->buffer, conn->held };
	enum request_head read =
	    request_head_scan(bytes, &conn->scan, &task.head_end, &task.trouble.detail);

	if (read == REQUEST_HEAD_BAD)
		task.trouble.reason = REASON_REQUEST_MALFORMED;
	else if (read == REQUEST_HEAD_MORE &&
		 conn->held >= (size_t)conn->listener->base.setup.header_bytes)
		task.trouble = (struct serving_trouble){ REASON_HEADER_TOO_LARGE,
			"the head is larger than limits.header_bytes" };
	else if (read == REQUEST_HEAD_MORE)
		return false;
	start(task);
	return true;
}

/* The client has closed its side, or the connection failed. */
static void
ended(struct conn *conn, bool closed)
{
	struct task task = { .conn = conn,
		.trouble = { REASON_REQUEST_MALFORMED,
		    "the head is not HTTP/1.1, or did not arrive in time" } };

	if (closed && conn->held > conn->scan.start)
		start(task);
	else
		conn_close(conn);
}

static bool
take_buffer(struct conn *conn)
{
	struct events_share *share = &conn->listener->shares[loop_index()];

	if (conn->buffer == NULL && share->spare_count > 0)
		conn->buffer = share->spare[--share->spare_count];
	else if (conn->buffer == NULL)
		conn->buffer =
		    malloc((size_t)conn->listener->base.setup.header_bytes + EVENTS_BODY_ROOM);
	return conn->buffer != NULL;
}

/* More bytes of a head. False: none for now, or the connection is in other hands. */
static bool
receive(struct conn *conn)
{
	size_t room = (size_t)conn->listener->base.setup.header_bytes;
	ssize_t got;

	if (!take_buffer(conn)) {
		conn_close(conn);
		return false;
	}
	room -= conn->held;
	got = channel_read_now(conn_channel(conn), conn->buffer + conn->held, room);
	if (got == STREAM_LATE) {
		if (conn->held == 0)
			drop_buffer(conn);
		return false;
	}
	if (got <= 0) {
		ended(conn, got == STREAM_END);
		return false;
	}
	if (conn->placed.state == LISTENER_IDLE) {
		move(conn, LISTENER_READING);
		set_deadline(conn, conn->listener->base.setup.header_timeout_ms);
	}
	conn->held += (size_t)got;
	return !try_head(conn) && has_more(conn);
}

static void
linger(struct conn *conn)
{
	enum lingering lingering = lingering_step(conn);

	if (lingering == LINGERING_OVER)
		conn_close(conn);
	else if (lingering == LINGERING_HAS_MORE)
		look_later(conn);
}

/* One step of the handshake. */
static void
shake(struct conn *conn)
{
	struct task task = { .conn = conn,
		.trouble = { REASON_REQUEST_MALFORMED, "plain HTTP on a port that serves HTTPS" } };

	switch (handshake_step(conn)) {
	case HANDSHAKE_MORE:
		break;
	case HANDSHAKE_DONE:
		on_client(conn, WATCH_IN);
		break;
	case HANDSHAKE_PLAIN:
		start(task);
		break;
	case HANDSHAKE_FAILED:
		conn->forsaken = !channel_end(conn_channel(conn), 0);
		begin_lingering(conn);
		break;
	}
}

/* What a proxy says comes first. False: it is not complete, or the connection is closed. */
static bool
greeted(struct conn *conn)
{
	enum greeting greeting = greeting_step(conn);

	conn->greeting = greeting != GREETING_DONE;
	if (greeting == GREETING_FAILED)
		conn_close(conn);
	return greeting == GREETING_DONE;
}

/* There is news of the client. TLS may have to write before it can read on. */
static void
on_client(void *context, unsigned flags)
{
	struct conn *conn = context;
	unsigned news = conn->tls != NULL ? WATCH_IN | WATCH_OUT : WATCH_IN;

	/* A post refers to the connection: it looks then. */
	if ((flags & news) == 0 || conn->placed.state == LISTENER_SERVING || conn->placed.posted)
		return;
	if (handshake_is_former(conn) && conn->placed.state != LISTENER_LINGERING) {
		conn_close(conn);
		return;
	}
	if (conn->greeting && !greeted(conn))
		return;
	if (conn->handshaking) {
		handshake_queue(conn, shake);
		return;
	}
	if (conn->placed.state == LISTENER_LINGERING) {
		linger(conn);
		return;
	}
	if (conn->held > 0 && conn->scan.scanned == 0 && try_head(conn))
		return;
	if (conn->placed.state == LISTENER_IDLE && atomic_load(&conn->listener->base.draining)) {
		conn_close(conn);
		return;
	}
	while (receive(conn))
		;
}

static void
late(struct timer *timer)
{
	struct conn *conn = (struct conn *)(void *)((char *)timer - offsetof(struct conn, timer));
	struct task task = { .conn = conn,
		.trouble = { REASON_REQUEST_TIMEOUT, "the head did not arrive in time" } };

	if (conn->placed.state == LISTENER_SERVING)
		return;
	if (clock_mono_us() < conn->deadline_us || conn->placed.posted)
		watch_timer(timer, conn->deadline_us);
	else if (conn->placed.state == LISTENER_LINGERING && lingering_goes_on(conn))
		set_deadline(conn, LINGERING_US / 1000);
	else if (conn->placed.state != LISTENER_LINGERING && conn->held > 0)
		start(task);
	else
		conn_close(conn);
}

/* ---- from accept on ---- */

struct conn *
conn_new(struct events_listener *listener, int socket, const struct sockaddr_storage *peer)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL) {
		watch_close(socket);
		return NULL;
	}
	conn->socket = socket;
	conn->listener = listener;
	conn->timer.late = late;
	conn->peer_port = peer_name(peer, conn->peer);
	return conn;
}

static void
begin(struct conn *conn, enum listener_state state, int64_t timeout_ms)
{
	places_enter(places_of(conn), &conn->placed, state, clock_tick_us());
	set_deadline(conn, timeout_ms);
	conn->greeting = greeting_due(conn);
	if (!handshake_begin(conn) || !watch_add(conn->socket, on_client, conn))
		conn_close(conn);
}

void
conn_hurry(struct conn *conn)
{
	if (conn->held == 0 && conn->deadline_us > clock_mono_us() + HURRY_MS * 1000)
		set_deadline(conn, HURRY_MS);
}

bool
conn_open(struct conn *conn)
{
	if (!take_place(conn))
		return false;
	begin(conn, LISTENER_READING, conn->listener->base.setup.header_timeout_ms);
	return true;
}

void
conn_open_surplus(struct conn *conn)
{
	int64_t timeout_ms = conn->listener->base.setup.header_timeout_ms;
	struct places *places = places_of(conn);

	if (timeout_ms > PLACES_HEAD_US / 1000)
		timeout_ms = PLACES_HEAD_US / 1000;
	begin(conn, LISTENER_SURPLUS, timeout_ms);
	(void)close_placed(places_excess(places, LISTENER_SURPLUS));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/serving.h"

#define LINGER_US 1000000

/* One that has sent nothing yet is let be for so long when places are short. */
#define NEW_US 1000000

/* The connections of this thread. */
static _Thread_local struct conn *all;
static _Thread_local struct conn *idle;
static _Thread_local struct conn **idle_end;

static void on_client(void *context, unsigned flags);

static void
idle_add(struct conn *conn)
{
	if (idle_end == NULL)
		idle_end = &idle;
	conn->since_us = clock_mono_us();
	conn->idle_next = NULL;
	conn->idle_link = idle_end;
	*idle_end = conn;
	idle_end = &conn->idle_next;
}

static void
idle_remove(struct conn *conn)
{
	if (conn->idle_link == NULL)
		return;
	*conn->idle_link = conn->idle_next;
	if (conn->idle_next != NULL)
		conn->idle_next->idle_link = conn->idle_link;
	else
		idle_end = conn->idle_link;
	conn->idle_link = NULL;
}

static void
drop_buffer(struct conn *conn)
{
	free(conn->buffer);
	conn->buffer = NULL;
	conn->held = 0;
	conn->scan = (struct request_scan){ 0 };
}

static void
close_conn(struct conn *conn)
{
	idle_remove(conn);
	*conn->link = conn->next;
	if (conn->next != NULL)
		conn->next->link = conn->link;
	wheel_clear(&conn->timer);
	drop_buffer(conn);
	watch_close(conn->socket);
	atomic_fetch_sub(&conn->listener->open, 1);
	atomic_fetch_sub(&conn->listener->on_loop[loop_index()], 1);
	atomic_fetch_sub(&conn->listener->base.connections, 1);
	free(conn);
}

/* The timer is set anew only when it would ring too late; too early is found out then. */
static void
set_deadline(struct conn *conn, int64_t timeout_ms)
{
	conn->deadline_us = clock_mono_us() + timeout_ms * 1000;
	if (conn->timer.link == NULL || conn->timer.deadline_us > conn->deadline_us)
		watch_timer(&conn->timer, conn->deadline_us);
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

	conn->posted = false;
	on_client(conn, WATCH_IN);
}

/* There may be more to read already: look after the other connections had their turn. */
static void
look_later(struct conn *conn)
{
	conn->posted = true;
	conn->post.run = look_again;
	loop_post(loop_index(), &conn->post);
}

/* After an exchange. */
static void
go_on(struct conn *conn)
{
	const struct listener_setup *setup = &conn->listener->base.setup;
	bool more = (watch_ready(conn->socket) & WATCH_IN) != 0;

	if (conn->phase == CONN_LINGERING) {
		drop_buffer(conn);
		set_deadline(conn, LINGER_US / 1000);
		if (more || conn->lingered >= CONN_LINGER_BYTES)
			look_later(conn);
		return;
	}
	if (conn->held == 0) {
		drop_buffer(conn);
		idle_add(conn);
		set_deadline(conn, setup->idle_timeout_ms);
	} else {
		set_deadline(conn, setup->header_timeout_ms);
	}
	if (more || conn->held > 0 || atomic_load(&conn->listener->base.draining))
		look_later(conn);
}

static void
run(void *context)
{
	struct task task = *(struct task *)context;
	struct conn *conn = task.conn;

	conn->fiber = fiber_current();
	atomic_fetch_add_explicit(&conn->listener->base.busy, 1, memory_order_relaxed);
	serving_run(conn, task.head_end, task.trouble);
	atomic_fetch_sub_explicit(&conn->listener->base.busy, 1, memory_order_relaxed);
	conn->fiber = NULL;
	go_on(conn);
}

static void
start(struct task task)
{
	task.conn->phase = CONN_SERVING;
	task.conn->deadline_us = 0;
	idle_remove(task.conn);
	if (!fiber_start(run, &task))
		close_conn(task.conn); /* no memory for a stack */
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
		close_conn(conn);
}

/* More bytes of a head. False: none for now, or the connection is in other hands. */
static bool
receive(struct conn *conn)
{
	size_t room = (size_t)conn->listener->base.setup.header_bytes;
	ssize_t got;

	if (conn->buffer == NULL && (conn->buffer = malloc(room)) == NULL) {
		close_conn(conn);
		return false;
	}
	room -= conn->held;
	got = recv(conn->socket, conn->buffer + conn->held, room, MSG_DONTWAIT);
	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN) {
		watch_drained(conn->socket, WATCH_IN);
		if (conn->held == 0)
			drop_buffer(conn);
		return false;
	}
	if (got <= 0) {
		ended(conn, got == 0);
		return false;
	}
	if ((size_t)got < room)
		watch_drained(conn->socket, WATCH_IN);
	if (conn->held == 0) {
		idle_remove(conn);
		set_deadline(conn, conn->listener->base.setup.header_timeout_ms);
	}
	conn->held += (size_t)got;
	return !try_head(conn) && (watch_ready(conn->socket) & WATCH_IN) != 0;
}

static void
linger(struct conn *conn)
{
	char scrap[4096];
	ssize_t got = 1;

	while (got > 0 && conn->lingered < CONN_LINGER_BYTES) {
		got = recv(conn->socket, scrap, sizeof(scrap), MSG_DONTWAIT);
		conn->lingered += got > 0 ? (size_t)got : 0;
	}
	if (got < 0 && errno == EAGAIN && conn->lingered < CONN_LINGER_BYTES)
		watch_drained(conn->socket, WATCH_IN);
	else
		close_conn(conn);
}

/* There is news of the client. */
static void
on_client(void *context, unsigned flags)
{
	struct conn *conn = context;

	/* A post refers to the connection: it looks then. */
	if ((flags & WATCH_IN) == 0 || conn->phase == CONN_SERVING || conn->posted)
		return;
	if (conn->phase == CONN_LINGERING) {
		linger(conn);
		return;
	}
	if (conn->held > 0 && conn->scan.scanned == 0 && try_head(conn))
		return;
	if (conn->held == 0 && conn->served && atomic_load(&conn->listener->base.draining)) {
		close_conn(conn);
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

	if (conn->phase == CONN_SERVING)
		return;
	if (clock_mono_us() < conn->deadline_us || conn->posted)
		watch_timer(timer, conn->deadline_us);
	else if (conn->phase == CONN_READING && conn->held > 0)
		start(task);
	else
		close_conn(conn);
}

/* ---- from accept on ---- */

static void
name_peer(struct conn *conn, const struct sockaddr_storage *peer)
{
	if (peer->ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;

		(void)inet_ntop(AF_INET6, &six->sin6_addr, conn->peer, sizeof(conn->peer));
		conn->peer_port = ntohs(six->sin6_port);
	} else if (peer->ss_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)peer;

		(void)inet_ntop(AF_INET, &four->sin_addr, conn->peer, sizeof(conn->peer));
		conn->peer_port = ntohs(four->sin_port);
	}
}

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
	name_peer(conn, peer);
	return conn;
}

void
conn_open(struct conn *conn)
{
	conn->next = all;
	conn->link = &all;
	if (all != NULL)
		all->link = &conn->next;
	all = conn;
	idle_add(conn);
	set_deadline(conn, conn->listener->base.setup.header_timeout_ms);
	if (!watch_add(conn->socket, on_client, conn))
		close_conn(conn);
}

bool
conn_evict(void)
{
	struct conn *conn = idle;

	while (conn != NULL &&
	       (conn->posted || (!conn->served && clock_mono_us() - conn->since_us < NEW_US)))
		conn = conn->idle_next;
	if (conn == NULL)
		return false;
	close_conn(conn);
	return true;
}

void
conn_close_idle(const struct listener *listener)
{
	struct conn *conn = all;

	while (conn != NULL) {
		struct conn *next = conn->next;

		if (&conn->listener->base == listener && conn->phase == CONN_READING &&
		    conn->held == 0 && conn->served && !conn->posted)
			close_conn(conn);
		conn = next;
	}
}

/* A fiber that is cancelled touches no connection but its own, which lingers then. */
void
conn_close_all(const struct listener *listener)
{
	struct conn *conn = all;

	while (conn != NULL) {
		struct conn *next = conn->next;

		if (&conn->listener->base == listener && conn->phase == CONN_SERVING)
			watch_cancel(conn->fiber);
		else if (&conn->listener->base == listener && !conn->posted)
			close_conn(conn);
		conn = next;
	}
}

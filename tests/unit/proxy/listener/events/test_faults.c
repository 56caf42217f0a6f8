/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system refuses: no descriptors, no memory, a connection that is lost in the middle. Whoever
 * is connected is served or closed, nobody hangs, nothing is lost, and no loop spins.
 *
 * The linker sends our own calls of these functions here; see CMakeLists.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/listener/events/events.h"
#include "proxy/listener/listener.h"

/* A call that fails: so often, after so many that succeed. */
struct fault {
	atomic_int after, times, error, calls;
};

static struct {
	struct fault accept4, epoll_ctl, mmap, mprotect, recv, send;
} faults;

static void
fault_set(struct fault *fault, int after, int times, int error)
{
	atomic_store(&fault->calls, 0);
	atomic_store(&fault->after, after);
	atomic_store(&fault->error, error);
	atomic_store(&fault->times, times);
}

static void
faults_clear(void)
{
	struct fault *const all[] = { &faults.accept4, &faults.epoll_ctl, &faults.mmap,
		&faults.mprotect, &faults.recv, &faults.send };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fault_set(all[i], 0, 0, 0);
}

static bool
fault_strikes(struct fault *fault)
{
	atomic_fetch_add(&fault->calls, 1);
	if (atomic_load(&fault->times) == 0 || atomic_fetch_sub(&fault->after, 1) > 0)
		return false;
	atomic_fetch_sub(&fault->times, 1);
	errno = atomic_load(&fault->error);
	return true;
}

int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __real_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t from);
int __real_mprotect(void *at, size_t size, int protection);
ssize_t __real_recv(int fd, void *into, size_t room, int flags);
ssize_t __real_send(int fd, const void *from, size_t bytes, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t from);
int __wrap_mprotect(void *at, size_t size, int protection);
ssize_t __wrap_recv(int fd, void *into, size_t room, int flags);
ssize_t __wrap_send(int fd, const void *from, size_t bytes, int flags);

int
__wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	return fault_strikes(&faults.accept4) ? -1 : __real_accept4(fd, address, len, flags);
}

int
__wrap_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	if (what == EPOLL_CTL_ADD && fault_strikes(&faults.epoll_ctl))
		return -1;
	return __real_epoll_ctl(epoll, what, fd, event);
}

void *
__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t from)
{
	return fault_strikes(&faults.mmap) ? MAP_FAILED
					   : __real_mmap(at, size, protection, flags, fd, from);
}

int
__wrap_mprotect(void *at, size_t size, int protection)
{
	return fault_strikes(&faults.mprotect) ? -1 : __real_mprotect(at, size, protection);
}

ssize_t
__wrap_recv(int fd, void *into, size_t room, int flags)
{
	return fault_strikes(&faults.recv) ? -1 : __real_recv(fd, into, room, flags);
}

/* Without an error to give: less than was asked for. */
ssize_t
__wrap_send(int fd, const void *from, size_t bytes, int flags)
{
	if (!fault_strikes(&faults.send))
		return __real_send(fd, from, bytes, flags);
	return errno == 0 ? __real_send(fd, from, 1, flags) : -1;
}

/* ---- what listens ---- */

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define REFUSAL "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define GET "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"

static struct listener *listener;
static atomic_int served;

/* Read the body, if there is one, and answer. */
static void
serve(void *context, struct exchange *exchange)
{
	char body[16];
	ssize_t got = EXCHANGE_END;

	(void)context;
	if (request_check(exchange_request(exchange)) != REASON_OK) {
		exchange_close(exchange);
		(void)!exchange_write(exchange, SPAN(REFUSAL));
		return;
	}
	do {
		got = exchange_read(exchange, body, sizeof(body));
	} while (got > 0);
	if (got == EXCHANGE_END && exchange_write(exchange, SPAN(ANSWER)))
		atomic_fetch_add(&served, 1);
	else
		exchange_abort(exchange);
}

static void
refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	(void)context;
	(void)reason;
	(void)detail;
	(void)!exchange_write(exchange, SPAN(REFUSAL));
}

static int
begin(void **state)
{
	const struct listener_setup setup = { .engine = events_engine(),
		.address = "127.0.0.1:0",
		.header_bytes = 4096,
		.connections = 100,
		.header_timeout_ms = 60000,
		.body_timeout_ms = 60000,
		.idle_timeout_ms = 60000,
		.write_timeout_ms = 60000,
		.threads = 1,
		.serve = serve,
		.refuse = refuse };
	struct err err;

	(void)state;
	if (!listener_start(&setup, &listener, &err))
		fail_msg("%s", err.text);
	atomic_store(&served, 0);
	return 0;
}

/* Nobody is left over, and the same listener can start anew. */
static int
end(void **state)
{
	(void)state;
	faults_clear();
	listener_stop(listener);
	listener = NULL;
	return 0;
}

/* ---- clients ---- */

static int
dial(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)listener_port(listener)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* It may be closed already. */
static void
say(int fd, const char *text)
{
	(void)!__real_send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* So many bytes of an answer, as a text. False: the connection was closed instead. */
static bool
receive(int fd, char *into, size_t bytes)
{
	for (size_t len = 0; len < bytes;) {
		ssize_t more = __real_recv(fd, into + len, bytes - len, 0);

		if (more <= 0)
			return false;
		len += (size_t)more;
	}
	return true;
}

/* Was `want` received, or was the connection closed instead? Anything else fails. */
static bool
hears(int fd, const char *want)
{
	char got[512] = "";

	if (!receive(fd, got, strlen(want)))
		return false;
	assert_string_equal(got, want);
	return true;
}

/* Who meets a fault may be answered, refused or closed. */
static void
hears_any(int fd)
{
	char got[512] = "";

	if (receive(fd, got, strlen(ANSWER)) && strncmp(got, REFUSAL, strlen(ANSWER)) != 0)
		assert_string_equal(got, ANSWER);
}

static bool
ask(const char *request)
{
	int fd = dial();
	bool answered;

	say(fd, request);
	answered = hears(fd, ANSWER);
	(void)close(fd);
	return answered;
}

/* Until the listener knows that its clients have left. */
static void
await_connections(int count)
{
	while (listener_connections(listener) != count)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* An honest one is served, and then nobody is left. */
static void
assert_sound(void)
{
	assert_true(ask(GET));
	await_connections(0);
	assert_int_equal(listener_busy(listener), 0);
}

/* ---- faults ---- */

static void
a_connection_that_is_lost_before_it_is_accepted_costs_no_other(void **state)
{
	const int errors[] = { ECONNABORTED, EINTR };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		for (int times = 1; times <= 100; times += 33) {
			fault_set(&faults.accept4, 0, times, errors[i]);
			assert_sound();
			assert_int_equal(atomic_load(&faults.accept4.times), 0);
		}
}

/* Accepting rests for a while after each failure. One that does not would be called many thousand
 * times meanwhile. */
static void
without_descriptors_it_waits_and_does_not_spin(void **state)
{
	const int errors[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		int fd;

		fault_set(&faults.accept4, 0, INT_MAX, errors[i]);
		fd = dial();
		say(fd, GET);
		while (atomic_load(&faults.accept4.calls) < 3)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		assert_in_range(atomic_load(&faults.accept4.calls), 3, 1000);
		faults_clear();
		assert_true(hears(fd, ANSWER));
		(void)close(fd);
		assert_sound();
	}
}

/* One that has been served and is idle makes room. */
static void
without_descriptors_an_idle_connection_is_closed(void **state)
{
	int idle = dial();

	(void)state;
	say(idle, GET);
	assert_true(hears(idle, ANSWER));
	fault_set(&faults.accept4, 0, 1, EMFILE);
	assert_true(ask(GET));
	assert_false(hears(idle, ANSWER));
	(void)close(idle);
	assert_sound();
}

/* The connection is closed; accepting, which needs the same call after a rest, goes on. */
static void
a_socket_that_cannot_be_watched_is_closed(void **state)
{
	const int errors[] = { ENOMEM, ENOSPC, EMFILE };

	(void)state;
	for (int i = 0; i < 3; i++) {
		fault_set(&faults.epoll_ctl, 0, 1, errors[i]);
		assert_false(ask(GET));
		assert_int_equal(atomic_load(&faults.epoll_ctl.times), 0);
		assert_sound();
	}
	fault_set(&faults.accept4, 0, 1, EMFILE);
	fault_set(&faults.epoll_ctl, 0, 3, ENOMEM);
	assert_sound();
	assert_int_equal(atomic_load(&faults.epoll_ctl.times), 0);
}

static void
assert_refused(struct fault *fault)
{
	int fd = dial();

	fault_set(fault, 0, 1, ENOMEM);
	say(fd, GET);
	assert_true(hears(fd, REFUSAL));
	assert_false(hears(fd, ANSWER));
	(void)close(fd);
	assert_int_equal(atomic_load(&fault->times), 0);
	assert_int_equal(atomic_load(&served), 0);
	assert_sound();
}

/* A stack is kept once it is there: each time a new listener without any. */
static void
without_a_stack_the_request_is_refused(void **state)
{
	(void)state;
	assert_refused(&faults.mmap);
}

/* There are too many mappings for the page that ends an overflow. */
static void
without_a_guard_there_is_no_stack(void **state)
{
	(void)state;
	assert_refused(&faults.mprotect);
}

static void
an_interrupted_read_is_done_again(void **state)
{
	(void)state;
	for (int after = 0; after < 3; after++) {
		int fd = dial();

		fault_set(&faults.recv, after, 3, EINTR);
		say(fd, POST);
		say(fd, "abc");
		assert_true(hears(fd, ANSWER));
		say(fd, GET);
		assert_true(hears(fd, ANSWER));
		(void)close(fd);
		faults_clear();
		assert_sound();
	}
}

/* It was woken for nothing, and goes on waiting. */
static void
a_read_that_finds_nothing_waits(void **state)
{
	int fd = dial();

	(void)state;
	fault_set(&faults.recv, 0, 1, EAGAIN);
	say(fd, "GET /x HTTP/1.1\r\n");
	while (atomic_load(&faults.recv.times) > 0)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	say(fd, "Host: h\r\n\r\n");
	assert_true(hears(fd, ANSWER));
	(void)close(fd);
	assert_sound();
}

/* In the head, in the body, after the answer. */
static void
a_connection_that_is_reset_is_closed(void **state)
{
	const int errors[] = { ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		for (int after = 0; after < 2; after++) {
			int fd = dial();

			fault_set(&faults.recv, after, 1, errors[i]);
			say(fd, POST);
			if (after > 0) {
				while (atomic_load(&faults.recv.calls) < 1)
					(void)nanosleep(
					    &(struct timespec){ .tv_nsec = 1000000 }, NULL);
				say(fd, "abc");
			}
			assert_false(hears(fd, ANSWER));
			(void)close(fd);
			faults_clear();
			assert_sound();
		}
}

static void
what_is_written_in_pieces_is_whole(void **state)
{
	const int errors[] = { 0, EINTR };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		for (int times = 1; times <= 20; times++) {
			fault_set(&faults.send, 0, times, errors[i]);
			assert_true(ask(GET));
			assert_int_equal(atomic_load(&faults.send.times), 0);
		}
	assert_sound();
}

static void
a_write_that_fails_ends_the_connection(void **state)
{
	const int errors[] = { EPIPE, ECONNRESET, ENOMEM };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		int fd = dial();

		fault_set(&faults.send, 0, 1, errors[i]);
		say(fd, GET GET);
		assert_false(hears(fd, ANSWER));
		(void)close(fd);
		assert_sound();
	}
}

/* Whatever goes wrong while many come and go: all are answered or closed. */
static void
many_clients_with_faults_of_all_kinds(void **state)
{
	struct fault *const kinds[] = { &faults.accept4, &faults.epoll_ctl, &faults.mmap,
		&faults.recv, &faults.send };
	const int errors[] = { ECONNABORTED, ENOMEM, ENOMEM, ECONNRESET, EPIPE };

	(void)state;
	for (int round = 0; round < 40; round++) {
		int fds[8];

		for (int i = 0; i < 8; i++)
			fds[i] = dial();
		fault_set(kinds[round % 5], round % 3, 1 + round % 4, errors[round % 5]);
		for (int i = 0; i < 8; i++)
			say(fds[i], i % 2 ? GET : POST "abc");
		for (int i = 0; i < 8; i++) {
			hears_any(fds[i]);
			(void)close(fds[i]);
		}
		faults_clear();
		assert_sound();
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_connection_that_is_lost_before_it_is_accepted_costs_no_other),
		test(without_descriptors_it_waits_and_does_not_spin),
		test(without_descriptors_an_idle_connection_is_closed),
		test(a_socket_that_cannot_be_watched_is_closed),
		test(without_a_stack_the_request_is_refused),
		test(without_a_guard_there_is_no_stack),
		test(an_interrupted_read_is_done_again),
		test(a_read_that_finds_nothing_waits),
		test(a_connection_that_is_reset_is_closed),
		test(what_is_written_in_pieces_is_whole),
		test(a_write_that_fails_ends_the_connection),
		test(many_clients_with_faults_of_all_kinds),
	};

	(void)alarm(300); /* for one that hangs */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/wait.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/watch.h"

static _Thread_local struct wait_client *threads_client;

void
wait_attend(struct wait_client *client, int socket)
{
	struct fiber *fiber = fiber_current();

	if (client != NULL)
		*client = (struct wait_client){ .socket = socket };
	if (fiber != NULL)
		*fiber_local(fiber, FIBER_CLIENT) = client;
	else
		threads_client = client;
}

/* The client to be watched during a wait for other sockets; or NULL. */
static struct wait_client *
client_beside(const struct pollfd *fds, nfds_t count)
{
	struct fiber *fiber = fiber_current();
	struct wait_client *client =
	    fiber != NULL ? *fiber_local(fiber, FIBER_CLIENT) : threads_client;

	if (client == NULL || client->socket < 0)
		return NULL;
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].fd == client->socket)
			return NULL;
	return client;
}

static void
note_leaving(struct wait_client *client, bool reset)
{
	if (reset)
		client->until_us = clock_mono_us();
	else if (client->until_us == 0)
		client->until_us = clock_mono_us() + WAIT_HALF_CLOSED_US;
}

/* Until when to wait: the deadline, or until a client that leaves is gone. */
static int64_t
earlier(const struct wait_client *client, int64_t deadline_us)
{
	if (client == NULL || client->until_us == 0)
		return deadline_us;
	return deadline_us == 0 || client->until_us < deadline_us ? client->until_us : deadline_us;
}

static int
ask(struct pollfd *fds, nfds_t count, int64_t deadline_us)
{
	struct timespec left = { 0 }, *patience = &left;
	int64_t us = deadline_us - clock_mono_us();

	if (deadline_us == 0) {
		patience = NULL;
	} else if (us > 0) {
		left.tv_sec = (time_t)(us / 1000000);
		left.tv_nsec = (long)(us % 1000000) * 1000;
	}
	return ppoll(fds, count, patience, NULL);
}

/* Wait by the thread. 1: there may be news, 0: late, -1: failure. */
static int
wait_thread(struct pollfd *fds, nfds_t count, struct wait_client *client, int64_t deadline_us)
{
	struct pollfd all[WAIT_MAX + 1];
	int ready;

	for (nfds_t i = 0; i < count; i++)
		all[i] = fds[i];
	all[count] = (struct pollfd){ .fd = -1, .events = POLLRDHUP };
	if (client != NULL && client->until_us == 0)
		all[count].fd = client->socket;
	do {
		ready = ask(all, count + 1, deadline_us);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0 && all[count].fd >= 0 && all[count].revents != 0)
		note_leaving(client, (all[count].revents & (POLLERR | POLLHUP)) != 0);
	return ready;
}

static unsigned
flags_of(short events)
{
	return WATCH_ERR | ((events & POLLIN) != 0 ? WATCH_IN : 0) |
	       ((events & POLLOUT) != 0 ? WATCH_OUT : 0);
}

/* Wait by the fiber. The same results. */
static int
wait_fiber(const struct pollfd *fds, nfds_t count, struct wait_client *client, int64_t deadline_us)
{
	struct watch_wait waits[WAIT_MAX + 1];
	size_t all = count;
	int word;

	for (nfds_t i = 0; i < count; i++)
		waits[i] = (struct watch_wait){ fds[i].fd, flags_of(fds[i].events) };
	if (client != NULL && client->until_us == 0 && watch_has(client->socket)) {
		unsigned known = watch_ready(client->socket);

		if ((known & WATCH_END) != 0) {
			note_leaving(client, (known & WATCH_ERR) != 0);
			deadline_us = earlier(client, deadline_us);
		} else {
			waits[all++] = (struct watch_wait){ client->socket, WATCH_END };
		}
	}
	word = watch_wait(waits, all, deadline_us);
	if (word == WATCH_READY && all > count && (watch_ready(client->socket) & WATCH_END) != 0)
		note_leaving(client, (watch_ready(client->socket) & WATCH_ERR) != 0);
	return word;
}

/* Level-triggered: what is ready now. Who reads next shall not wait for the news of it. */
static int
look(struct pollfd *fds, nfds_t count)
{
	struct timespec now = { 0 };
	int ready;

	do {
		ready = ppoll(fds, count, &now, NULL);
	} while (ready < 0 && errno == EINTR);
	for (nfds_t i = 0; i < count && ready > 0; i++)
		if ((fds[i].revents & POLLIN) != 0)
			watch_found(fds[i].fd, WATCH_IN);
	return ready;
}

/* Did the wait end since the client is gone? */
static bool
client_is_gone(struct wait_client *client)
{
	if (client == NULL || client->until_us == 0 || clock_mono_us() < client->until_us)
		return false;
	client->gone = true;
	errno = ECONNABORTED;
	return true;
}

/* Wait once. 1: there may be news, 0: late, -1: failure. */
static int
wait_once(struct pollfd *fds, nfds_t count, int64_t deadline_us)
{
	struct wait_client *client = client_beside(fds, count);
	int64_t until_us = earlier(client, deadline_us);
	int word = fiber_current() != NULL ? wait_fiber(fds, count, client, until_us)
					   : wait_thread(fds, count, client, until_us);

	if (word < 0 || client_is_gone(client))
		return -1;
	/* A wait that ended early since the client leaves goes on until it is gone. */
	return word > 0 || until_us != deadline_us ? 1 : 0;
}

int
wait_any(struct pollfd *fds, nfds_t count, int64_t deadline_us)
{
	int ready, word = 1;

	assert(count <= WAIT_MAX);
	ready = look(fds, count);
	while (ready == 0 && word > 0) {
		if (deadline_us > 0 && clock_mono_us() >= deadline_us)
			return 0;
		word = wait_once(fds, count, deadline_us);
		if (word >= 0)
			ready = look(fds, count);
	}
	return word < 0 ? -1 : ready;
}

int
wait_one(int socket, short events, int64_t deadline_us)
{
	struct pollfd one = { .fd = socket, .events = events };

	return wait_any(&one, 1, deadline_us);
}

int
wait_stream(int socket, short events, int64_t deadline_us)
{
	struct pollfd one = { .fd = socket, .events = events };

	if (fiber_current() == NULL)
		return wait_any(&one, 1, deadline_us);
	for (;;) {
		int word = wait_once(&one, 1, deadline_us);

		if (word <= 0)
			return word;
		if ((watch_ready(socket) & flags_of(events)) != 0)
			return 1;
		if (deadline_us > 0 && clock_mono_us() >= deadline_us)
			return 0;
	}
}

int
wait_pause(int64_t deadline_us)
{
	return wait_once(NULL, 0, deadline_us);
}

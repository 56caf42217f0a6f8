/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/race.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

#define RUNNERS_MAX (2 * RESOLVE_MAX)

/* How often to check for new addresses of the name, while none answers. */
#define LOOK_US (100 * INT64_C(1000))

/* The connections that are being made. */
struct runners {
	struct pollfd fds[RUNNERS_MAX];
	struct resolve_address to[RUNNERS_MAX];
	nfds_t count;
};

static bool
same(const struct resolve_address *a, const struct resolve_address *b)
{
	return a->len == b->len && memcmp(&a->address, &b->address, a->len) == 0;
}

static size_t
next_untried(const struct race *race)
{
	size_t i = 0;

	while (i < race->answer.count && race->tried[i])
		i++;
	return i;
}

bool
race_goes_on(const struct race *race)
{
	return next_untried(race) < race->answer.count;
}

/* 0: connected; EINPROGRESS: under way; else why not. */
static int
set_out(const struct resolve_address *to, int *ret_socket)
{
	int fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failure = 0, one = 1;

	if (fd < 0)
		return errno;
	if (to->address.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&to->address, to->len) != 0)
		failure = errno;
	if (failure == 0 || failure == EINPROGRESS)
		*ret_socket = fd;
	else
		watch_close(fd);
	return failure;
}

/* Try the next address. True: it connected at once. */
static bool
start_next(struct race *race, struct runners *runners, int *ret_socket)
{
	size_t i = next_untried(race);
	int fd = -1, failure = set_out(&race->answer.addresses[i], &fd);

	race->tried[i] = true;
	if (failure == 0) {
		race->won = race->answer.addresses[i];
		*ret_socket = fd;
		return true;
	}
	if (failure != EINPROGRESS) {
		race->failure = failure;
		return false;
	}
	runners->to[runners->count] = race->answer.addresses[i];
	runners->fds[runners->count++] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	return false;
}

static void
drop(struct runners *runners, nfds_t i)
{
	runners->count--;
	runners->fds[i] = runners->fds[runners->count];
	runners->to[i] = runners->to[runners->count];
}

/* Check the sockets that poll() reported. True: one has connected. */
static bool
look_at_ready(struct race *race, struct runners *runners, int *ret_socket)
{
	for (nfds_t i = runners->count; i-- > 0;) {
		int failure = 0, fd = runners->fds[i].fd;
		socklen_t len = sizeof(failure);

		if (runners->fds[i].revents == 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0)
			failure = errno;
		if (failure == 0) {
			race->won = runners->to[i];
			*ret_socket = fd;
			drop(runners, i);
			return true;
		}
		race->failure = failure;
		watch_close(fd);
		drop(runners, i);
	}
	return false;
}

/* The name has other addresses by now: those that were not tried yet are. */
static bool
take_renewed(struct race *race)
{
	struct resolve_answer old = race->answer;
	bool tried[RESOLVE_MAX];
	struct err err;

	memcpy(tried, race->tried, sizeof(tried));
	if (!resolve_get(race->resolve, 0, &race->answer, &err))
		return false;
	for (size_t i = 0; i < race->answer.count; i++) {
		race->tried[i] = false;
		for (size_t k = 0; k < old.count; k++)
			if (same(&race->answer.addresses[i], &old.addresses[k]))
				race->tried[i] = tried[k];
	}
	return race_goes_on(race);
}

/* Until when to wait for those under way: the deadline, or earlier when the next is to start or a
 * look at the name is due. */
static int64_t
pause_until_us(const struct race *race, int64_t next_us)
{
	int64_t until_us = race->deadline_us;

	if (race_goes_on(race) && next_us < until_us)
		until_us = next_us;
	else if (!race_goes_on(race) && race->resolve != NULL)
		until_us = clock_mono_us() + LOOK_US;
	return until_us < race->deadline_us ? until_us : race->deadline_us;
}

/* Addresses that did not win may be tried again, in case the winner is unusable. */
static void
call_off(struct race *race, struct runners *runners)
{
	for (nfds_t i = 0; i < runners->count; i++) {
		watch_close(runners->fds[i].fd);
		for (size_t k = 0; k < race->answer.count; k++)
			if (same(&race->answer.addresses[k], &runners->to[i]))
				race->tried[k] = false;
	}
}

/* One step of the race. True: it is over. */
static bool
turn(struct race *race, struct runners *runners, int64_t *next_us, int *ret_socket)
{
	int64_t now_us = clock_mono_us();

	if (now_us >= race->deadline_us)
		return true;
	if (!race_goes_on(race) && race->resolve != NULL && now_us >= *next_us &&
	    resolve_renew(race->resolve, race->answer.generation,
		runners->count == 0 ? race->deadline_us : 0))
		(void)take_renewed(race);
	if (race_goes_on(race) && runners->count < RUNNERS_MAX &&
	    (runners->count == 0 || now_us >= *next_us)) {
		*next_us = now_us + RACE_NEXT_US;
		return start_next(race, runners, ret_socket);
	}
	if (runners->count == 0)
		return true;
	return wait_any(runners->fds, runners->count, pause_until_us(race, *next_us)) > 0 &&
	       look_at_ready(race, runners, ret_socket);
}

enum reason
race_run(struct race *race, int *ret_socket)
{
	struct runners runners = { .count = 0 };
	int64_t next_us = 0;
	bool late;

	*ret_socket = -1;
	while (!turn(race, &runners, &next_us, ret_socket)) {
		/* When all have refused, the name is resolved again at once. */
		if (runners.count == 0)
			next_us = 0;
	}
	late = *ret_socket < 0 && clock_mono_us() >= race->deadline_us;
	call_off(race, &runners);
	if (*ret_socket >= 0)
		return REASON_OK;
	return late ? REASON_UPSTREAM_TIMEOUT : REASON_UPSTREAM_UNREACHABLE;
}
